ek_integration_test(member SOURCES ${CMAKE_CURRENT_LIST_DIR}/member_test.cc
    ${CMAKE_CURRENT_LIST_DIR}/member_fault_test.cc ${CMAKE_CURRENT_LIST_DIR}/backup_test.cc
    LIBS ek_coord TIMEOUT 600 PROGRAM)
