ek_integration_test(schema SOURCES ${CMAKE_CURRENT_LIST_DIR}/schema_test.cc
    ${CMAKE_CURRENT_LIST_DIR}/ddl_generator.cc ${CMAKE_CURRENT_LIST_DIR}/schema_stream_test.cc LIBS ek_cdc TIMEOUT 240)
