ek_integration_test(tls SOURCES ${CMAKE_CURRENT_LIST_DIR}/tls_test.cc
    ${CMAKE_CURRENT_LIST_DIR}/tls_capture_test.cc TIMEOUT 400 PROGRAM)
