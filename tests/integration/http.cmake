ek_integration_test(http SOURCES ${CMAKE_CURRENT_LIST_DIR}/http_test.cc
    ${CMAKE_CURRENT_LIST_DIR}/http_hostile_test.cc LIBS ek_api TIMEOUT 120)
