// Maxwell's filter language, and java.util.Properties.
#include "cdc/filter/filter.h"
#include "cdc/options/properties.h"
#include "tests/fuzz/target.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace evenkeel;
    const std::string_view text = fuzz::view(data, size);
    fuzz::use(cdc::parse_properties(std::string(text)));
    const auto filter = cdc::Filter::parse(text);
    if (!filter) return 0;
    fuzz::use(filter->includes("shop", "item"));
    fuzz::use(filter->blacklists("shop", "item"));
    return 0;
}
