// A server, a group of one node, and a stream to a file, for the tests of change streams.
#pragma once

#include <gmock/gmock.h>

#include <memory>
#include <string>
#include <vector>

#include "base/text.h"
#include "cdc/stream_service.h"
#include "coord/coordinator.h"
#include "coord/engines/local_engine.h"
#include "io/clock.h"
#include "io/file.h"
#include "tests/support/eventually.h"
#include "tests/support/mariadb_topology.h"

namespace evenkeel::test {

inline constexpr Millis kLong{20'000};

// A node of its own group that lives in this process.
class OneNode {
public:
    explicit OneNode(const std::string& path) {
        auto opened = coord::open_local_engine(path);
        if (!opened) {
            ADD_FAILURE() << opened.error().what;
            return;
        }
        engine_ = std::move(*opened);
        coordinator_ = std::make_unique<coord::Coordinator>(
            *engine_,
            coord::CoordinatorOptions{
                .node = "node1", .incarnation = std::to_string(io::wall_ms()), .ttl = Millis{500}});
        const auto started = coordinator_->start(io::within(kLong));
        EXPECT_TRUE(started) << started.error().what;
    }
    ~OneNode() {
        if (coordinator_) coordinator_->stop();
    }

    coord::Coordinator& coordinator() { return *coordinator_; }

private:
    std::unique_ptr<coord::Engine> engine_;
    std::unique_ptr<coord::Coordinator> coordinator_;
};

class CdcTest : public MariadbTopologyTest {
protected:
    lab::TopologyConfig topology_config() const override {
        return {.replicas = 0, .semi_sync = false};
    }

    cdc::StreamConfig stream_config() {
        cdc::StreamConfig config;
        config.name = "test";
        config.server = db(1).id();
        config.credentials = db(1).accounts().evenkeel;
        config.producer = cdc::Producer::file;
        config.output_file = folder() + "/out.json";
        config.checkpoint_interval = Millis{50};
        return config;
    }

    std::vector<std::string> lines() const {
        const auto content = io::read_file(folder() + "/out.json");
        std::vector<std::string> found;
        for (std::string& line : split(content.value_or(""), '\n')) {
            if (!line.empty()) found.push_back(std::move(line));
        }
        return found;
    }

    bool has_lines(std::size_t count) const {
        return eventually(kLong, [&] { return lines().size() >= count; });
    }

    static bool streams(const cdc::StreamService& stream) {
        return eventually(kLong, [&] { return stream.report().state == "streaming"; });
    }
};

}  // namespace evenkeel::test
