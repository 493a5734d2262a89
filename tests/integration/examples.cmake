ek_integration_test(examples SOURCES ${CMAKE_CURRENT_LIST_DIR}/examples_test.cc TIMEOUT 120 PROGRAM)
