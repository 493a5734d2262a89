// The stage of a node before its etcd member is started for the first time: tells the others on the
// peer port that this node is empty, asks them what they know, and ends with a decision
// (formation.h). Never starts anything itself.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "base/result.h"
#include "coord/config.h"
#include "coord/member/formation.h"

namespace evenkeel::coord {

// Use it from one thread. It logs every few seconds what it waits for.
class FormationStage {
public:
    // `listen`: the peer port, "host:port" with a numeric host.
    // Errors: conflict  the port is in use; invalid  the certificates cannot be used.
    static Result<std::unique_ptr<FormationStage>> start(const Config& config,
                                                         const std::string& listen);
    ~FormationStage();  // The peer port is free after this.
    FormationStage(const FormationStage&) = delete;
    FormationStage& operator=(const FormationStage&) = delete;

    // Anything but `wait`, once that is decided.
    std::optional<Formation> outcome() const;

private:
    FormationStage();
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace evenkeel::coord
