# ek_module(<name> [DEPS <modules>] [LIBS <libraries>])
#
# A module is a folder of src/: its sources form the library ek_<name>, its *_test.cc files the
# program <name>_test, and <name>_links links the whole library with nothing but what it declares,
# so that a back door (a forward declaration of a module that is not in DEPS) fails to link.
function(ek_module name)
    cmake_parse_arguments(ARG "" "" "DEPS;LIBS" ${ARGN})
    file(GLOB_RECURSE sources CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/src/${name}/*.cc)
    set(tests ${sources})
    list(FILTER sources EXCLUDE REGEX "(_test|/main)\\.cc$")
    list(FILTER tests INCLUDE REGEX "_test\\.cc$")
    if(NOT sources)
        file(WRITE ${CMAKE_BINARY_DIR}/empty_${name}.cc "")
        set(sources ${CMAKE_BINARY_DIR}/empty_${name}.cc)
    endif()

    add_library(ek_${name} STATIC ${sources})
    target_include_directories(ek_${name} PUBLIC ${CMAKE_SOURCE_DIR}/src)
    target_link_libraries(ek_${name} PUBLIC ek_flags ${ARG_LIBS})
    foreach(dep ${ARG_DEPS})
        target_link_libraries(ek_${name} PUBLIC ek_${dep})
    endforeach()

    if(NOT EVENKEEL_TESTS)
        return()
    endif()
    file(WRITE ${CMAKE_BINARY_DIR}/links_${name}.cc "int main() { return 0; }\n")
    add_executable(${name}_links ${CMAKE_BINARY_DIR}/links_${name}.cc)
    target_link_libraries(${name}_links PRIVATE $<LINK_LIBRARY:WHOLE_ARCHIVE,ek_${name}>)

    if(tests)
        add_executable(${name}_test ${tests})
        target_include_directories(${name}_test PRIVATE ${CMAKE_SOURCE_DIR})
        target_link_libraries(${name}_test PRIVATE ek_${name} GTest::gmock GTest::gtest_main)
        gtest_discover_tests(${name}_test TEST_PREFIX "unit." DISCOVERY_TIMEOUT 30
            PROPERTIES TIMEOUT 60 LABELS unit)
    endif()
endfunction()
