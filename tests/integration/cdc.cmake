ek_integration_test(cdc SOURCES ${CMAKE_CURRENT_LIST_DIR}/cdc_test.cc ${CMAKE_CURRENT_LIST_DIR}/cdc_refusal_test.cc
    LIBS ek_cdc TIMEOUT 240)
