ek_integration_test(maxwell SOURCES ${CMAKE_CURRENT_LIST_DIR}/maxwell_test.cc
    ${CMAKE_CURRENT_LIST_DIR}/filter_test.cc LIBS ek_cdc TIMEOUT 240 PROGRAM)
