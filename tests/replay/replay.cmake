file(GLOB replay_sources CONFIGURE_DEPENDS ${CMAKE_CURRENT_LIST_DIR}/*.cc)
ek_integration_test(replay PROGRAM TIMEOUT 900 SOURCES ${replay_sources})
