// Runs a fuzz target over the files of its corpus: replay FOLDER...
#include <fmt/core.h>

#include <cstring>
#include <memory>

#include "io/file.h"
#include "tests/fuzz/target.h"

int main(int argc, char** argv) {
    using namespace evenkeel;
    std::size_t count = 0;
    for (int i = 1; i < argc; ++i) {
        const auto names = io::names_in(argv[i]);
        if (!names) {
            fmt::print(stderr, "{}\n", names.error().what);
            return 1;
        }
        for (const std::string& name : *names) {
            const auto content = io::read_file(std::string(argv[i]) + "/" + name);
            if (!content) continue;
            // Of exactly the content's size, so that a sanitizer sees one byte more.
            const auto bytes = std::make_unique<std::uint8_t[]>(content->size());
            std::memcpy(bytes.get(), content->data(), content->size());
            LLVMFuzzerTestOneInput(bytes.get(), content->size());
            ++count;
        }
    }
    fmt::print("{} inputs\n", count);
    return count > 0 ? 0 : 1;
}
