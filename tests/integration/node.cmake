ek_integration_test(node SOURCES ${CMAKE_CURRENT_LIST_DIR}/node_test.cc
    ${CMAKE_CURRENT_LIST_DIR}/node_refusal_test.cc TIMEOUT 300 PROGRAM)
ek_integration_test(program SOURCES ${CMAKE_CURRENT_LIST_DIR}/program_test.cc TIMEOUT 60 PROGRAM)
