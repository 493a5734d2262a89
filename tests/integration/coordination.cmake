ek_integration_test(coordination SOURCES integration/coordination_test.cc LIBS ek_coord TIMEOUT 180)
