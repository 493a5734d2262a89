#include "wire/charset.h"

#include <fmt/format.h>
#include <iconv.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <optional>

#include "wire/charset_tables.h"

namespace evenkeel::wire {
namespace {

struct CollationRange {
    std::uint32_t first;
    std::uint32_t last;
    const char* charset;
};

// information_schema.COLLATION_CHARACTER_SET_APPLICABILITY of MariaDB 11.8 below 1024, with
// MySQL 9's own at 248 to 323 (no MariaDB collation lies there). tests/integration/types_test.cc
// compares with every server.
constexpr CollationRange kCollations[] = {
    {1, 1, "big5"},        {2, 2, "latin2"},      {3, 3, "dec8"},        {4, 4, "cp850"},
    {5, 5, "latin1"},      {6, 6, "hp8"},         {7, 7, "koi8r"},       {8, 8, "latin1"},
    {9, 9, "latin2"},      {10, 10, "swe7"},      {11, 11, "ascii"},     {12, 12, "ujis"},
    {13, 13, "sjis"},      {14, 14, "cp1251"},    {15, 15, "latin1"},    {16, 16, "hebrew"},
    {18, 18, "tis620"},    {19, 19, "euckr"},     {20, 20, "latin7"},    {21, 21, "latin2"},
    {22, 22, "koi8u"},     {23, 23, "cp1251"},    {24, 24, "gb2312"},    {25, 25, "greek"},
    {26, 26, "cp1250"},    {27, 27, "latin2"},    {28, 28, "gbk"},       {29, 29, "cp1257"},
    {30, 30, "latin5"},    {31, 31, "latin1"},    {32, 32, "armscii8"},  {33, 33, "utf8mb3"},
    {34, 34, "cp1250"},    {35, 35, "ucs2"},      {36, 36, "cp866"},     {37, 37, "keybcs2"},
    {38, 38, "macce"},     {39, 39, "macroman"},  {40, 40, "cp852"},     {41, 42, "latin7"},
    {43, 43, "macce"},     {44, 44, "cp1250"},    {45, 46, "utf8mb4"},   {47, 49, "latin1"},
    {50, 52, "cp1251"},    {53, 53, "macroman"},  {54, 55, "utf16"},     {56, 56, "utf16le"},
    {57, 57, "cp1256"},    {58, 59, "cp1257"},    {60, 61, "utf32"},     {62, 62, "utf16le"},
    {63, 63, "binary"},    {64, 64, "armscii8"},  {65, 65, "ascii"},     {66, 66, "cp1250"},
    {67, 67, "cp1256"},    {68, 68, "cp866"},     {69, 69, "dec8"},      {70, 70, "greek"},
    {71, 71, "hebrew"},    {72, 72, "hp8"},       {73, 73, "keybcs2"},   {74, 74, "koi8r"},
    {75, 75, "koi8u"},     {76, 76, "utf8mb3"},   {77, 77, "latin2"},    {78, 78, "latin5"},
    {79, 79, "latin7"},    {80, 80, "cp850"},     {81, 81, "cp852"},     {82, 82, "swe7"},
    {83, 83, "utf8mb3"},   {84, 84, "big5"},      {85, 85, "euckr"},     {86, 86, "gb2312"},
    {87, 87, "gbk"},       {88, 88, "sjis"},      {89, 89, "tis620"},    {90, 90, "ucs2"},
    {91, 91, "ujis"},      {92, 93, "geostd8"},   {94, 94, "latin1"},    {95, 96, "cp932"},
    {97, 98, "eucjpms"},   {99, 99, "cp1250"},    {101, 124, "utf16"},   {128, 151, "ucs2"},
    {159, 159, "ucs2"},    {160, 183, "utf32"},   {192, 215, "utf8mb3"}, {223, 223, "utf8mb3"},
    {224, 247, "utf8mb4"}, {248, 250, "gb18030"}, {255, 323, "utf8mb4"}, {576, 579, "utf8mb3"},
    {608, 611, "utf8mb4"}, {640, 642, "ucs2"},    {672, 674, "utf16"},   {736, 738, "utf32"},
};
constexpr std::uint32_t kNoPad = 1024;    // Added to the id of the collation that pads.
constexpr std::uint32_t kUca1400 = 2048;  // 256 ids for each of kUca1400Charsets.
constexpr const char* kUca1400Charsets[] = {"utf8mb3", "utf8mb4", "ucs2", "utf16", "utf32"};

// How the C library calls a charset, and what makes its answer the server's.
struct Library {
    std::string_view charset;
    const char* name;
    const char* second = nullptr;  // For what `name` does not know.
    bool ascii_based = true;
    // The server keeps what JIS reads as yen, overline and wide backslash in ASCII.
    bool yen_is_backslash = false;
    std::uint8_t unit = 1;  // Bytes of the smallest character.
};

constexpr Library kLibrary[] = {
    {.charset = "big5", .name = "BIG5-HKSCS"},
    {.charset = "cp932", .name = "CP932"},
    {.charset = "eucjpms", .name = "EUC-JP-MS"},
    {.charset = "euckr", .name = "CP949"},
    {.charset = "gb18030", .name = "GB18030"},
    {.charset = "gb2312", .name = "GB2312"},
    {.charset = "gbk", .name = "GBK"},
    {.charset = "sjis", .name = "SHIFT_JIS", .yen_is_backslash = true},
    {.charset = "ujis", .name = "EUC-JP", .second = "EUC-JP-MS", .yen_is_backslash = true},
    {.charset = "ucs2", .name = "UCS-2BE", .ascii_based = false, .unit = 2},
    {.charset = "utf16", .name = "UTF-16BE", .ascii_based = false, .unit = 2},
    {.charset = "utf16le", .name = "UTF-16LE", .ascii_based = false, .unit = 2},
    {.charset = "utf32", .name = "UTF-32BE", .ascii_based = false, .unit = 4},
};

constexpr std::string_view kReplacement = "\xEF\xBF\xBD";
// swe7 is ASCII but for these, and has no upper half.
constexpr std::string_view kSwe7Bytes = "@[\\]^`{|}~\x7F";
constexpr std::u16string_view kSwe7Characters = u"ÉÄÖÅÜéäöåü\uFFFD";

std::string utf8_of(char16_t c) {
    std::string text;
    if (c < 0x80) {
        text += static_cast<char>(c);
    } else if (c < 0x800) {
        text += static_cast<char>(0xC0 | c >> 6);
        text += static_cast<char>(0x80 | (c & 0x3F));
    } else {
        text += static_cast<char>(0xE0 | c >> 12);
        text += static_cast<char>(0x80 | (c >> 6 & 0x3F));
        text += static_cast<char>(0x80 | (c & 0x3F));
    }
    return text;
}

using ByteTable = std::array<std::string, 256>;

std::optional<ByteTable> byte_table(std::string_view charset) {
    ByteTable table;
    for (std::size_t i = 0; i < 256; ++i) {
        table[i] = i < 128 ? std::string(1, static_cast<char>(i)) : std::string(kReplacement);
    }
    if (charset == "swe7") {
        for (std::size_t i = 0; i < kSwe7Bytes.size(); ++i) {
            table[static_cast<unsigned char>(kSwe7Bytes[i])] = utf8_of(kSwe7Characters[i]);
        }
        return table;
    }
    for (const UpperHalf& half : kUpperHalves) {
        if (half.charset != charset) continue;
        for (std::size_t i = 0; i < 128; ++i) table[128 + i] = utf8_of(half.characters[i]);
        return table;
    }
    return {};
}

const Library* find_library(std::string_view charset) {
    const auto* found = std::find_if(std::begin(kLibrary), std::end(kLibrary),
                                     [&](const Library& l) { return l.charset == charset; });
    return found == std::end(kLibrary) ? nullptr : found;
}

bool has_byte_table(std::string_view charset) {
    return charset == "swe7" ||
           std::any_of(std::begin(kUpperHalves), std::end(kUpperHalves),
                       [&](const UpperHalf& half) { return half.charset == charset; });
}

class Iconv {
public:
    explicit Iconv(const char* from) : handle_(iconv_open("UTF-8", from)) {}
    ~Iconv() {
        if (good()) iconv_close(handle_);
    }
    Iconv(const Iconv&) = delete;
    Iconv& operator=(const Iconv&) = delete;
    // NOLINTNEXTLINE(performance-no-int-to-ptr): iconv_open's own way to say no.
    bool good() const { return handle_ != reinterpret_cast<iconv_t>(-1); }

    // Appends what it can convert from the front of `bytes` and removes that from it. True when
    // it stopped at something that it does not understand, or that is cut.
    bool convert(std::string_view& bytes, std::string& out) const {
        iconv(handle_, nullptr, nullptr, nullptr, nullptr);
        while (!bytes.empty()) {
            char buffer[512];
            char* in = const_cast<char*>(bytes.data());
            char* to = buffer;
            std::size_t in_left = bytes.size();
            std::size_t out_left = sizeof buffer;
            const std::size_t done = iconv(handle_, &in, &in_left, &to, &out_left);
            out.append(buffer, sizeof buffer - out_left);
            bytes.remove_prefix(bytes.size() - in_left);
            if (done == static_cast<std::size_t>(-1) && errno != E2BIG) return true;
        }
        return false;
    }

private:
    iconv_t handle_;
};

void replace_all(std::string& text, std::string_view from, std::string_view to) {
    for (std::size_t at = 0; (at = text.find(from, at)) != std::string::npos; at += to.size()) {
        text.replace(at, from.size(), to);
    }
}

Charset named(std::string name) {
    const bool utf8 = name == "utf8mb4" || name == "utf8mb3" || name == "ascii";
    const CharsetKind kind = utf8               ? CharsetKind::utf8
                             : name == "binary" ? CharsetKind::binary
                                                : CharsetKind::other;
    const Library* library = find_library(name);
    const bool ascii_based = library != nullptr ? library->ascii_based : name != "swe7";
    return {std::move(name), kind, ascii_based};
}

}  // namespace

Result<Charset> charset_of_collation(std::uint32_t collation) {
    if (collation >= kUca1400 && collation < kUca1400 + 256 * std::size(kUca1400Charsets)) {
        return named(kUca1400Charsets[(collation - kUca1400) / 256]);
    }
    const std::uint32_t base =
        collation >= kNoPad && collation < kUca1400 ? collation - kNoPad : collation;
    for (const CollationRange& range : kCollations) {
        if (base >= range.first && base <= range.last) return named(range.charset);
    }
    return Error{Errc::not_found, fmt::format("find charset: collation {} is unknown", collation)};
}

Result<Charset> charset_by_name(std::string_view name) {
    if (name == "utf8") name = "utf8mb3";
    const bool known = name == "utf8mb4" || name == "utf8mb3" || name == "ascii" ||
                       name == "binary" || find_library(name) != nullptr || has_byte_table(name);
    if (known) return named(std::string(name));
    return Error{Errc::not_found, fmt::format("find charset: '{}' is unknown", name)};
}

struct TextConverter::Impl {
    std::optional<ByteTable> table{};
    const Library* library = nullptr;
    std::unique_ptr<Iconv> first{};
    std::unique_ptr<Iconv> second{};
};

TextConverter::TextConverter(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
TextConverter::~TextConverter() = default;
TextConverter::TextConverter(TextConverter&&) noexcept = default;
TextConverter& TextConverter::operator=(TextConverter&&) noexcept = default;

Result<TextConverter> TextConverter::open(const Charset& charset) {
    auto impl = std::make_unique<Impl>();
    impl->table = byte_table(charset.name);
    impl->library = find_library(charset.name);
    if (impl->table) return TextConverter(std::move(impl));
    if (impl->library != nullptr) {
        impl->first = std::make_unique<Iconv>(impl->library->name);
        if (impl->library->second != nullptr) {
            impl->second = std::make_unique<Iconv>(impl->library->second);
        }
        if (impl->first->good() && (!impl->second || impl->second->good())) {
            return TextConverter(std::move(impl));
        }
    }
    return Error{Errc::not_found,
                 fmt::format("convert charset '{}': the C library does not know it", charset.name)};
}

void TextConverter::to_utf8(std::string_view bytes, std::string& out) const {
    out.clear();
    if (impl_->table) {
        for (const char c : bytes) out += (*impl_->table)[static_cast<unsigned char>(c)];
        return;
    }
    while (impl_->first->convert(bytes, out)) {
        // One character through the second table, then on with the first.
        if (impl_->second) {
            std::string_view rest = bytes.substr(0, 3);
            impl_->second->convert(rest, out);
            const std::size_t taken = std::min<std::size_t>(3, bytes.size()) - rest.size();
            bytes.remove_prefix(taken);
            if (taken > 0) continue;
        }
        out += kReplacement;
        bytes.remove_prefix(std::min<std::size_t>(bytes.size(), impl_->library->unit));
    }
    if (impl_->library->yen_is_backslash) {
        replace_all(out, "\xEF\xBC\xBC", "\\");  // U+FF3C
        replace_all(out, "\xC2\xA5", "\\");
        replace_all(out, "\xE2\x80\xBE", "~");  // U+203E
    }
}

}  // namespace evenkeel::wire
