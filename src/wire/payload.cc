#include "wire/payload.h"

#include <fmt/format.h>
#include <zstd.h>

#include <algorithm>
#include <cstring>

#include "wire/cursor.h"

namespace evenkeel::wire {
namespace {

// Fields of the header: type, length, value, each a length-encoded integer.
constexpr std::uint64_t kFieldEnd = 0;  // Has neither length nor value.
constexpr std::uint64_t kFieldPayloadSize = 1;
constexpr std::uint64_t kFieldMethod = 2;
constexpr std::uint64_t kFieldSize = 3;

constexpr std::uint64_t kMethodZstd = 0;
constexpr std::uint64_t kMethodNone = 255;

constexpr std::size_t kPiece = 256u << 10;
// The server's own limit (max_allowed_packet).
constexpr std::uint32_t kEventMax = 1u << 30;
// What a compressor of any level asks for at most: 128 MiB.
constexpr int kWindowLogMax = 27;

struct Header {
    std::uint64_t payload_size = 0;
    std::uint64_t method = kMethodNone;
    std::optional<std::uint64_t> size{};
};

Header read_header(Cursor& cursor) {
    Header header;
    while (cursor.ok()) {
        const std::uint64_t field = cursor.lenenc();
        if (field == kFieldEnd) break;
        Cursor value(cursor.lenenc_text());
        switch (field) {
            case kFieldPayloadSize: header.payload_size = value.lenenc(); break;
            case kFieldMethod: header.method = value.lenenc(); break;
            case kFieldSize: header.size = value.lenenc(); break;
            default: continue;  // Of a later server.
        }
        if (!value.ok()) cursor.fail();
    }
    return header;
}

// These begin files or hold other events: inside of a transaction they would mislead the reader.
bool may_be_inside(EventType type) {
    return type != EventType::transaction_payload && type != EventType::format_description &&
           type != EventType::rotate;
}

}  // namespace

struct PayloadReader::Decompressor {
    Decompressor() : context(ZSTD_createDCtx()) {
        ZSTD_DCtx_setParameter(context, ZSTD_d_windowLogMax, kWindowLogMax);
    }
    ~Decompressor() { ZSTD_freeDCtx(context); }
    Decompressor(const Decompressor&) = delete;
    Decompressor& operator=(const Decompressor&) = delete;

    ZSTD_DCtx* context;
};

PayloadReader::PayloadReader() = default;
PayloadReader::~PayloadReader() = default;
PayloadReader::PayloadReader(PayloadReader&&) noexcept = default;
PayloadReader& PayloadReader::operator=(PayloadReader&&) noexcept = default;

Error PayloadReader::damaged(std::string_view why) const {
    return corrupt_event(event_, why);
}

Result<> PayloadReader::open(const Event& event) {
    event_ = event;
    ready_ = {};
    filled_ = 0;
    produced_ = 0;
    frame_open_ = false;
    finished_ = false;
    // One giant must not hold its memory for ever.
    if (buffer_.size() > 16 * kPiece) std::string().swap(buffer_);
    Cursor cursor(event.body);
    const Header header = read_header(cursor);
    packed_ = cursor.take(header.payload_size);
    if (!cursor.ok()) return damaged("its header is cut");
    size_ = header.size.value_or(header.payload_size);
    if (header.method == kMethodNone) {
        ready_ = packed_;
        finished_ = true;
        return {};
    }
    if (header.method != kMethodZstd) {
        return damaged(fmt::format("unknown compression {}: upgrade evenkeel", header.method));
    }
    if (!decompressor_) decompressor_ = std::make_unique<Decompressor>();
    ZSTD_DCtx_reset(decompressor_->context, ZSTD_reset_session_only);
    return {};
}

Result<std::optional<Event>> PayloadReader::next() {
    auto event = EventReader(false, false).read_front(ready_);
    if (!event) return damaged(event.error().what);
    if (!event->has_value()) {
        if (finished_ && !ready_.empty()) return damaged("its last event is cut");
        return event;
    }
    Event& found = **event;
    if (!may_be_inside(found.header.type)) {
        return damaged(fmt::format("it holds a {}", event_name(found.header.type)));
    }
    found.mysql = true;
    ready_.remove_prefix(found.bytes.size());
    return event;
}

// Makes room behind what is filled. Twice as much each time: memory follows what the data really
// has, not what a length says.
Result<> PayloadReader::grow() {
    if (filled_ < buffer_.size()) return {};
    if (filled_ >= kEventHeaderSize) {
        const auto wanted = load<std::uint32_t>(buffer_.data() + 9);
        if (wanted > kEventMax) return damaged(fmt::format("an event of {} bytes", wanted));
    }
    buffer_.resize(std::max(kPiece, 2 * buffer_.size()));
    return {};
}

Result<> PayloadReader::inflate_some() {
    ZSTD_inBuffer in{packed_.data(), packed_.size(), 0};
    ZSTD_outBuffer out{buffer_.data(), buffer_.size(), filled_};
    const std::size_t hint = ZSTD_decompressStream(decompressor_->context, &out, &in);
    if (ZSTD_isError(hint) != 0) return damaged(ZSTD_getErrorName(hint));
    const bool moved = in.pos > 0 || out.pos > filled_;
    produced_ += out.pos - filled_;
    filled_ = out.pos;
    packed_.remove_prefix(in.pos);
    frame_open_ = hint != 0;
    finished_ = packed_.empty() && !frame_open_;
    if (produced_ > size_ || (finished_ && produced_ != size_)) {
        return damaged(fmt::format("its events are not the {} bytes that it says", size_));
    }
    if (!moved) return damaged("its compressed data is cut");
    return {};
}

Result<> PayloadReader::refill() {
    if (finished_) return {};
    // What is left of the last piece comes to the front.
    if (!ready_.empty()) std::memmove(buffer_.data(), ready_.data(), ready_.size());
    filled_ = ready_.size();
    const std::size_t before = filled_;
    EK_TRY_VOID(grow());
    while (!finished_ && filled_ < buffer_.size()) EK_TRY_VOID(inflate_some());
    if (filled_ == before && !finished_) return damaged("its compressed data is cut");
    ready_ = std::string_view(buffer_).substr(0, filled_);
    return {};
}

}  // namespace evenkeel::wire
