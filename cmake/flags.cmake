# Warnings and sanitizers, carried by one interface target instead of global flags.
add_library(ek_flags INTERFACE)
target_compile_features(ek_flags INTERFACE cxx_std_20)
target_compile_definitions(ek_flags INTERFACE EVENKEEL_VERSION="${PROJECT_VERSION}")
target_compile_options(ek_flags INTERFACE
    -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Werror
    # GCC 12 reports false positives of these two deep inside libstdc++ at -O2 and above.
    -Wno-error=maybe-uninitialized -Wno-error=restrict)
find_package(Threads REQUIRED)
target_link_libraries(ek_flags INTERFACE Threads::Threads)

set(EVENKEEL_SANITIZE "" CACHE STRING "Sanitizers for every target, for example address,undefined")
if(EVENKEEL_SANITIZE)
    target_compile_options(ek_flags INTERFACE
        -fsanitize=${EVENKEEL_SANITIZE} -fno-omit-frame-pointer -fno-sanitize-recover=all)
    target_link_options(ek_flags INTERFACE -fsanitize=${EVENKEEL_SANITIZE})
endif()
