// This node's own certificate ([tls]): whether it is good for where the others reach this node, and
// how long it lasts.
#pragma once

#include <vector>

#include "api/sources.h"
#include "app/config.h"
#include "io/certificate.h"
#include "io/thread.h"

namespace evenkeel::app {

// The names and addresses that others, and this node itself, check the certificate against.
std::vector<std::string> certificate_hosts(const Config& config);

// Without [tls] there is nothing to check. Returns what will become a problem.
// Errors: as io::check_tls().
Result<std::vector<std::string>> check_certificate(const Config& config);

// As the files are now, for metrics; those that cannot be read are left out.
std::vector<api::CertificateLife> certificate_lives(const io::TlsFiles& files);

// Logs once a day, and at once, what check_certificate() says. `config` outlives the worker.
io::Worker watch_certificate(const Config& config);

}  // namespace evenkeel::app
