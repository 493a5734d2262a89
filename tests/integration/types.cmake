ek_integration_test(types
    SOURCES ${CMAKE_CURRENT_LIST_DIR}/types_fixture.cc ${CMAKE_CURRENT_LIST_DIR}/types_test.cc
            ${CMAKE_CURRENT_LIST_DIR}/types_changes_test.cc
    LIBS ek_cdc TIMEOUT 240)
