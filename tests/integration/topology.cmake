ek_integration_test(topology SOURCES ${CMAKE_CURRENT_LIST_DIR}/topology_test.cc
    LIBS ek_topology TIMEOUT 300)
