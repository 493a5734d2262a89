ek_integration_test(haproxy SOURCES ${CMAKE_CURRENT_LIST_DIR}/haproxy_test.cc TIMEOUT 120 PROGRAM)
