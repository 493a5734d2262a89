#include "cdc/render/byte_buffer.h"

#include <algorithm>
#include <new>

namespace evenkeel::cdc {

void ByteBuffer::grow(std::size_t size) {
    const std::size_t wanted =
        std::max({size_ + size, capacity_ + capacity_ / 2, std::size_t{4096}});
    char* moved = static_cast<char*>(std::realloc(data_.get(), wanted));
    if (moved == nullptr) throw std::bad_alloc();
    (void)data_.release();  // realloc() took it.
    data_.reset(moved);
    capacity_ = wanted;
}

}  // namespace evenkeel::cdc
