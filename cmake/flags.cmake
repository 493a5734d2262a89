# Warnings and sanitizers, carried by one interface target instead of global flags.
add_library(ek_flags INTERFACE)
target_compile_features(ek_flags INTERFACE cxx_std_20)
target_compile_definitions(ek_flags INTERFACE EVENKEEL_VERSION="${PROJECT_VERSION}")
target_compile_options(ek_flags INTERFACE
    -Wall -Wextra -Wpedantic -Wshadow
    # Clang, which only fuzzes and lints, has another idea of -Wconversion.
    # GCC 12 reports false positives of the last two deep inside libstdc++ at -O2 and above.
    $<$<CXX_COMPILER_ID:GNU>:-Wconversion -Werror -Wno-error=maybe-uninitialized
        -Wno-error=restrict>)
find_package(Threads REQUIRED)
target_link_libraries(ek_flags INTERFACE Threads::Threads)

set(EVENKEEL_SANITIZE "" CACHE STRING "Sanitizers for every target, for example address,undefined")
if(EVENKEEL_SANITIZE)
    target_compile_options(ek_flags INTERFACE
        -fsanitize=${EVENKEEL_SANITIZE} -fno-omit-frame-pointer -fno-sanitize-recover=all)
    target_link_options(ek_flags INTERFACE -fsanitize=${EVENKEEL_SANITIZE})
endif()

# Every line that is reached counts for libFuzzer, whichever library it is in.
option(EVENKEEL_FUZZ "Build the fuzz targets of tests/fuzz and nothing to run in a test" OFF)
if(EVENKEEL_FUZZ)
    target_compile_options(ek_flags INTERFACE -fsanitize=fuzzer-no-link)
endif()
