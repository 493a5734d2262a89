ek_integration_test(sql SOURCES ${CMAKE_CURRENT_LIST_DIR}/sql_test.cc TIMEOUT 120)
