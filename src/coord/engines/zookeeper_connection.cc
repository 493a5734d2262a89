#include "coord/engines/zookeeper_connection.h"

#include <zookeeper/zookeeper.h>

#include <algorithm>
#include <string_view>

#include "base/log.h"
#include "io/clock.h"

namespace evenkeel::coord {
namespace {

using End = ZookeeperBatch::End;

// "2026-01-01 00:00:00,000:1(0x7f):ZOO_INFO@function@1: text": ours has a time already.
void log_line(const char* message) {
    std::string_view text(message);
    const auto level = text.find(":ZOO_");
    if (level != std::string_view::npos) text.remove_prefix(level + 1);
    log::debug("zookeeper", "{}", text);
}

End end_of(int code) {
    switch (code) {
        case ZOK:
        case ZNONODE:
        case ZNODEEXISTS:
        case ZBADVERSION: return End::answered;
        case ZNOAUTH:
        case ZINVALIDACL:
        case ZAUTHFAILED:
        case ZSESSIONCLOSEDREQUIRESASLAUTH: return End::denied;
        // The server says that it did not even propose it.
        case ZTHROTTLEDOP:
        case ZNOTREADONLY:
        case ZSESSIONMOVED: return End::not_done;
        default: return End::lost;
    }
}

NodeAnswer::Code node_code(int code) {
    switch (code) {
        case ZNONODE: return NodeAnswer::Code::no_node;
        case ZNODEEXISTS: return NodeAnswer::Code::exists;
        case ZBADVERSION: return NodeAnswer::Code::wrong_version;
        default: return NodeAnswer::Code::ok;
    }
}

}  // namespace

void EventCounter::add() {
    Lock lock(mutex_);
    ++count_;
    more_.notify_all();
}

std::uint64_t EventCounter::count() const {
    Lock lock(mutex_);
    return count_;
}

void EventCounter::wait(std::uint64_t seen, Millis limit) const {
    const Deadline deadline = io::within(limit);
    Lock lock(mutex_);
    while (count_ == seen) {
        const Millis left = deadline.left(io::now());
        if (left == Millis{0}) return;
        more_.wait_for(mutex_, left);
    }
}

ZookeeperBatch::End ZookeeperBatch::wait(Millis limit) {
    const Deadline deadline = io::within(limit);
    Lock lock(mutex);
    while (open > 0) {
        const Millis left = deadline.left(io::now());
        if (left == Millis{0}) return End::open;
        done.wait_for(mutex, left);
    }
    return worst;
}

// One answer that is due. What the library writes into until then lives here.
struct ZookeeperConnection::Ticket {
    ZookeeperConnection* connection = nullptr;
    std::shared_ptr<ZookeeperBatch> batch{};
    std::size_t index = 0;
    std::vector<zoo_op_result_t> results{};
    Stat stat{};
};

struct ZookeeperCallbacks {
    using Ticket = ZookeeperConnection::Ticket;

    static Ticket* ticket(const void* data) {
        return static_cast<Ticket*>(const_cast<void*>(data));
    }
    static void answer(const void* data, int code, NodeAnswer answer) {
        ticket(data)->connection->answered(ticket(data), code, std::move(answer));
    }

    static void on_session(zhandle_t*, int type, int state, const char*, void* context) {
        if (type == ZOO_SESSION_EVENT) static_cast<ZookeeperConnection*>(context)->session(state);
    }
    static void on_change(zhandle_t*, int type, int, const char*, void* context) {
        if (type != ZOO_SESSION_EVENT) static_cast<ZookeeperConnection*>(context)->events_.add();
    }
    static void on_data(int code, const char* value, int size, const Stat* stat, const void* data) {
        NodeAnswer found;
        if (code == ZOK) {
            if (size > 0) found.data.assign(value, static_cast<std::size_t>(size));
            found.version = stat->version;
            found.zxid = static_cast<std::uint64_t>(stat->mzxid);
        }
        answer(data, code, std::move(found));
    }
    static void on_children(int code, const String_vector* names, const void* data) {
        NodeAnswer found;
        for (int i = 0; code == ZOK && i < names->count; ++i) {
            found.children.emplace_back(names->data[i]);
        }
        answer(data, code, std::move(found));
    }
    static void on_text(int code, const char*, const void* data) { answer(data, code, {}); }
    static void on_end(int code, const void* data) {
        NodeAnswer done;
        done.zxid = static_cast<std::uint64_t>(ticket(data)->stat.mzxid);
        answer(data, code, std::move(done));
    }
};

ZookeeperConnection::ZookeeperConnection(const ZookeeperServers& servers, std::string address,
                                         EventCounter& events)
    : address_(std::move(address)),
      login_(servers.user.empty() ? "" : servers.user + ":" + servers.password),
      events_(events) {
    handle_ = ::zookeeper_init2(address_.c_str(), &ZookeeperCallbacks::on_session,
                                static_cast<int>(servers.session_timeout.count()), nullptr, this,
                                ZOO_NO_LOG_CLIENTENV, &log_line);
    if (handle_ == nullptr) {
        state_ = State::lost;
    } else if (!login_.empty()) {
        // Sent before anything else whenever the library connects. The server takes any password:
        // a wrong one is another identity, to which nodes are closed.
        ::zoo_add_auth(handle_, "digest", login_.data(), static_cast<int>(login_.size()), nullptr,
                       nullptr);
    }
}

ZookeeperConnection::~ZookeeperConnection() {
    if (handle_ != nullptr) ::zookeeper_close(handle_);
}

bool ZookeeperConnection::idle() const {
    // Measured, not documented: 0 after a try that failed.
    return handle_ != nullptr && ::zoo_state(handle_) == 0;
}

std::optional<Instant> ZookeeperConnection::overdue_since() const {
    Lock lock(mutex_);
    if (tickets_.empty()) return {};
    return waiting_since_;
}

void ZookeeperConnection::session(int state) {
    const State now = state_.load();
    if (state == ZOO_CONNECTED_STATE) {
        if (now == State::connecting) state_ = State::connected;
    } else if (state == ZOO_AUTH_FAILED_STATE) {
        state_ = State::denied;
    } else if (now != State::denied) {
        state_ = State::lost;  // Ended, or expired.
    }
    events_.add();
}

ZookeeperConnection::Ticket* ZookeeperConnection::issue(
    const std::shared_ptr<ZookeeperBatch>& batch, std::size_t index) {
    auto ticket = std::make_unique<Ticket>();
    ticket->connection = this;
    ticket->batch = batch;
    ticket->index = index;
    Ticket* raw = ticket.get();
    Lock lock(mutex_);
    if (tickets_.empty()) waiting_since_ = io::now();
    tickets_[raw] = std::move(ticket);
    return raw;
}

void ZookeeperConnection::withdraw(Ticket* ticket) {
    Lock lock(mutex_);
    tickets_.erase(ticket);
}

void ZookeeperConnection::answered(Ticket* ticket, int code, NodeAnswer answer) {
    const auto batch = ticket->batch;
    answer.code = node_code(code);
    const End end = end_of(code);
    {
        Lock lock(batch->mutex);
        batch->answers[ticket->index] = std::move(answer);
        batch->worst = std::max(batch->worst, end);
        --batch->open;
        batch->done.notify_all();
    }
    Lock lock(mutex_);
    waiting_since_ = io::now();
    tickets_.erase(ticket);
}

int ZookeeperConnection::submit_one(const NodeRead& read, Ticket* ticket) {
    const char* path = read.path.c_str();
    using Callbacks = ZookeeperCallbacks;
    switch (read.kind) {
        case NodeRead::Kind::data: return ::zoo_aget(handle_, path, 0, &Callbacks::on_data, ticket);
        case NodeRead::Kind::watched_data:
            return ::zoo_awget(handle_, path, &Callbacks::on_change, this, &Callbacks::on_data,
                               ticket);
        case NodeRead::Kind::children:
            return ::zoo_aget_children(handle_, path, 0, &Callbacks::on_children, ticket);
        case NodeRead::Kind::sync: return ::zoo_async(handle_, path, &Callbacks::on_text, ticket);
    }
    return ZBADARGUMENTS;
}

bool ZookeeperConnection::submit(const std::vector<NodeRead>& reads,
                                 const std::shared_ptr<ZookeeperBatch>& batch) {
    for (std::size_t i = 0; i < reads.size(); ++i) {
        Ticket* ticket = issue(batch, i);
        if (submit_one(reads[i], ticket) == ZOK) continue;
        withdraw(ticket);
        return false;
    }
    return true;
}

bool ZookeeperConnection::submit(const std::vector<NodeWrite>& writes,
                                 const std::shared_ptr<ZookeeperBatch>& batch) {
    const ACL_vector* acl = login_.empty() ? &ZOO_OPEN_ACL_UNSAFE : &ZOO_CREATOR_ALL_ACL;
    Ticket* ticket = issue(batch, 0);
    ticket->results.resize(writes.size());
    std::vector<zoo_op_t> ops(writes.size());
    for (std::size_t i = 0; i < writes.size(); ++i) {
        const NodeWrite& write = writes[i];
        const char* path = write.path.c_str();
        const int size = static_cast<int>(write.data.size());
        switch (write.kind) {
            case NodeWrite::Kind::check: ::zoo_check_op_init(&ops[i], path, write.version); break;
            case NodeWrite::Kind::create:
                ::zoo_create_op_init(&ops[i], path, write.data.data(), size, acl, ZOO_PERSISTENT,
                                     nullptr, 0);
                break;
            case NodeWrite::Kind::set:
                ::zoo_set_op_init(&ops[i], path, write.data.data(), size, write.version,
                                  &ticket->stat);
                break;
            case NodeWrite::Kind::remove: ::zoo_delete_op_init(&ops[i], path, write.version); break;
        }
    }
    const int code = ::zoo_amulti(handle_, static_cast<int>(ops.size()), ops.data(),
                                  ticket->results.data(), &ZookeeperCallbacks::on_end, ticket);
    if (code != ZOK) withdraw(ticket);
    return code == ZOK;
}

}  // namespace evenkeel::coord
