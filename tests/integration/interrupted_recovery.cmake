ek_integration_test(interrupted_recovery SOURCES ${CMAKE_CURRENT_LIST_DIR}/interrupted_recovery_test.cc
    TIMEOUT 600 PROGRAM)
