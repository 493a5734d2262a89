ek_integration_test(bootstrap SOURCES ${CMAKE_CURRENT_LIST_DIR}/bootstrap_test.cc
    ${CMAKE_CURRENT_LIST_DIR}/bootstrap_types_test.cc ${CMAKE_CURRENT_LIST_DIR}/bootstrap_tables_test.cc
    ${CMAKE_CURRENT_LIST_DIR}/bootstrap_fixture.cc LIBS ek_cdc TIMEOUT 400)
