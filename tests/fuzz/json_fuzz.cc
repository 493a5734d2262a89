// MySQL's binary JSON as text: what comes out is JSON.
#include "base/check.h"
#include "cdc/render/json_binary.h"
#include "cdc/render/json_writer.h"
#include "tests/fuzz/target.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace evenkeel;
    if (size == 0) return 0;
    static cdc::ByteBuffer text;
    text.clear();
    const bool quirks = (data[0] & 1) != 0;
    if (!cdc::append_json_binary(fuzz::view(data + 1, size - 1), quirks, text)) return 0;
    EK_CHECK(text.empty() || cdc::is_json(text.view()), "a document's text is no JSON");
    return 0;
}
