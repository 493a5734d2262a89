ek_integration_test(maxwell_ha SOURCES ${CMAKE_CURRENT_LIST_DIR}/maxwell_ha_test.cc TIMEOUT 240 PROGRAM)
