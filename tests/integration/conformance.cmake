ek_integration_test(conformance SOURCES ${CMAKE_CURRENT_LIST_DIR}/conformance_test.cc
    ${CMAKE_CURRENT_LIST_DIR}/conformance_watch_test.cc ${CMAKE_CURRENT_LIST_DIR}/conformance_fault_test.cc
    ${CMAKE_CURRENT_LIST_DIR}/conformance_zookeeper_test.cc ${CMAKE_CURRENT_LIST_DIR}/conformance_lease_test.cc ${CMAKE_CURRENT_LIST_DIR}/conformance_world.cc
    LIBS ek_coord TIMEOUT 600)
