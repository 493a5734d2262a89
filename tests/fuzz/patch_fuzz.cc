// Partial updates of MySQL's JSON: two bytes of length, a document, changes. What comes out is
// JSON.
#include "base/check.h"
#include "cdc/render/json_patch.h"
#include "cdc/render/json_writer.h"
#include "tests/fuzz/target.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace evenkeel;
    if (size < 2) return 0;
    static cdc::ByteBuffer text;
    static cdc::JsonPatch patch;
    text.clear();
    const std::string_view rest = fuzz::view(data + 2, size - 2);
    const std::size_t length = std::min<std::size_t>(data[0] + 256u * data[1], rest.size());
    if (!patch.append(rest.substr(0, length), rest.substr(length), false, text)) return 0;
    EK_CHECK(text.empty() || cdc::is_json(text.view()), "a changed document's text is no JSON");
    return 0;
}
