ek_integration_test(interrupted_recovery SOURCES integration/interrupted_recovery_test.cc
    TIMEOUT 600 PROGRAM)
