#include "tests/support/certificates.h"

#include <gtest/gtest.h>

#include "io/certificate.h"
#include "io/file.h"

namespace evenkeel::test {

Certificates::Certificates(std::string folder, const std::string& group)
    : folder_(std::move(folder)) {
    EXPECT_TRUE(io::make_folders(folder_));
    const auto made = io::make_authority(group, io::Days(2));
    EXPECT_TRUE(made);
    if (!made) return;
    ca_ = made->cert;
    ca_key_ = made->key;
    EXPECT_TRUE(io::replace_file(folder_ + "/ca.pem", ca_));
}

io::TlsFiles Certificates::issue(const std::string& name) const {
    const auto made =
        io::make_certificate({.cert = ca_, .key = ca_key_},
                             {.name = name, .hosts = {"127.0.0.1"}, .valid = io::Days(1)});
    EXPECT_TRUE(made);
    const io::TlsFiles files = files_of(name);
    if (!made) return files;
    EXPECT_TRUE(io::replace_file(files.cert, made->cert));
    EXPECT_TRUE(io::replace_file(files.key, made->key));
    return files;
}

io::TlsFiles Certificates::files_of(const std::string& name) const {
    return {.ca = folder_ + "/ca.pem",
            .cert = folder_ + "/" + name + ".pem",
            .key = folder_ + "/" + name + "-key.pem"};
}

io::TlsFiles Certificates::authority() const {
    return {.ca = folder_ + "/ca.pem"};
}

}  // namespace evenkeel::test
