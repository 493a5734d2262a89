ek_integration_test(cdc_sources SOURCES ${CMAKE_CURRENT_LIST_DIR}/cdc_sources_test.cc
    ${CMAKE_CURRENT_LIST_DIR}/cdc_sources_fault_test.cc ${CMAKE_CURRENT_LIST_DIR}/cdc_tls_test.cc
    ${CMAKE_CURRENT_LIST_DIR}/cdc_sources_follow_test.cc LIBS ek_cdc TIMEOUT 240)
