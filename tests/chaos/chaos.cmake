ek_integration_test(chaos SOURCES ${CMAKE_CURRENT_LIST_DIR}/chaos_test.cc
    ${CMAKE_CURRENT_LIST_DIR}/rounds.cc ${CMAKE_CURRENT_LIST_DIR}/faults.cc
    ${CMAKE_CURRENT_LIST_DIR}/world.cc ${CMAKE_CURRENT_LIST_DIR}/witness.cc
    ${CMAKE_CURRENT_LIST_DIR}/fact_writers.cc ${CMAKE_CURRENT_LIST_DIR}/lead_runs.cc
    ${CMAKE_CURRENT_LIST_DIR}/lease_spans.cc ${CMAKE_CURRENT_LIST_DIR}/judges_test.cc
    TIMEOUT 600 PROGRAM SKIPS)
