ek_integration_test(lab SOURCES ${CMAKE_CURRENT_LIST_DIR}/lab_test.cc TIMEOUT 120)
