// Looks on while a stream renders. Only a bootstrap does: it has to know what the stream printed
// while a part of a table was being read.
#pragma once

#include "base/result.h"
#include "cdc/render/table_plan.h"
#include "model/binlog_position.h"
#include "wire/binlog_event.h"

namespace evenkeel::cdc {

class TransactionBuffer;

class RowObserver {
public:
    virtual ~RowObserver() = default;
    // Wants before_transaction() and on_rows().
    bool watching() const { return watching_; }
    // Before a transaction is rendered. `with_it`: the stream's position once it is.
    virtual Result<> before_transaction(const TransactionBuffer& transaction,
                                        const BinlogPosition& with_it) = 0;
    // An event whose rows are printed.
    virtual void on_rows(const TablePlan& plan, const wire::Event& event) = 0;
    // An event of the table that is listened to (SchemaCache::listen_to); its transaction has
    // ended.
    virtual Result<> on_request(const TablePlan& plan, const wire::Event& event) = 0;
    // A statement that may have changed definitions, or emptied a table.
    virtual void on_definitions_changed() = 0;

protected:
    bool watching_ = false;
};

}  // namespace evenkeel::cdc
