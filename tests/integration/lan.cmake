ek_integration_test(lan SOURCES ${CMAKE_CURRENT_LIST_DIR}/lan_test.cc TIMEOUT 60 SKIPS)
