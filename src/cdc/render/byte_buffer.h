// A growing output buffer that keeps its memory. Unlike std::string it hands out room without
// clearing it first, which is what makes row rendering a run of plain stores.
#pragma once

#include <cstddef>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <string_view>

namespace evenkeel::cdc {

class ByteBuffer {
public:
    std::string_view view() const { return {data_.get(), size_}; }
    std::size_t size() const { return size_; }
    bool empty() const { return size_ == 0; }
    void clear() { size_ = 0; }
    // Drops what is behind the first `size` bytes. `size` is at most size().
    void truncate(std::size_t size) { size_ = size; }

    // Room for at least `size` bytes behind the content; valid until the next non-const call.
    char* room(std::size_t size) {
        if (capacity_ - size_ < size) grow(size);
        return data_.get() + size_;
    }
    // The content now ends at `end`, a place inside the room.
    void set_end(const char* end) { size_ = static_cast<std::size_t>(end - data_.get()); }
    char* data() { return data_.get(); }
    const char* limit() const { return data_.get() + capacity_; }

    void append(std::string_view bytes) {
        if (bytes.empty()) return;
        std::memcpy(room(bytes.size()), bytes.data(), bytes.size());
        size_ += bytes.size();
    }

private:
    void grow(std::size_t size);

    struct Free {
        void operator()(char* memory) const { std::free(memory); }
    };
    std::unique_ptr<char, Free> data_;
    std::size_t size_ = 0;
    std::size_t capacity_ = 0;
};

}  // namespace evenkeel::cdc
