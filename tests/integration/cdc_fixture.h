// A server, a group of one node, and a stream to a file, for the tests of change streams.
#pragma once

#include <gmock/gmock.h>

#include <memory>
#include <string>
#include <vector>

#include "base/text.h"
#include "cdc/stream_service.h"
#include "io/clock.h"
#include "io/file.h"
#include "tests/integration/stream_child.h"
#include "tests/support/eventually.h"
#include "tests/support/mariadb_topology.h"

namespace evenkeel::test {

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

    std::vector<std::string> lines() const { return lines_of(folder() + "/out.json"); }

    bool has_lines(std::size_t count) const {
        return eventually(kLong, [&] { return lines().size() >= count; });
    }

    static bool streams(const cdc::StreamService& stream) {
        return eventually(kLong, [&] { return stream.report().state == "streaming"; });
    }
};

}  // namespace evenkeel::test
