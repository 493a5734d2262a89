ek_integration_test(leader SOURCES ${CMAKE_CURRENT_LIST_DIR}/leader_test.cc TIMEOUT 240 PROGRAM)
