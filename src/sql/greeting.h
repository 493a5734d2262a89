// What a server says first, looked at before the client library answers it. The library goes on
// without encryption, password and all, with a server that offers none, whatever it was told.
#pragma once

#include <cstddef>
#include <string_view>

#include "base/instant.h"

namespace evenkeel::sql {

// Longer than any greeting up to its capabilities.
inline constexpr std::size_t kGreetingBytes = 256;

enum class Greeting {
    incomplete,  // More bytes have to come.
    tls,         // The server offers TLS.
    plain,       // It does not.
    other,       // An error, or another protocol: for the library to tell.
    failed,      // There is no connection: for the library, which may try another address.
};

// Of the first bytes of a connection. Pure.
Greeting look_at_greeting(std::string_view bytes);

// Of what comes first on a socket that connects; leaves it there. Incomplete: the deadline came
// first.
Greeting await_greeting(int socket, Deadline deadline);

}  // namespace evenkeel::sql
