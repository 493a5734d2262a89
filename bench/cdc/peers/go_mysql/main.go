// Reads a part of one binlog file with go-mysql and says how long that took:
//
//	go_mysql HOST PORT USER PASSWORD FILE END_POSITION GTID ROWS decode|json
//
// "decode" stops at go-mysql's own values; "json" prints a line for each row with encoding/json, as
// programs on top of go-mysql do. Prints "ROWS TIMED_ROWS SECONDS CPU_SECONDS", the last three from
// the first row to the last.
package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"os"
	"strconv"
	"syscall"
	"time"

	"github.com/go-mysql-org/go-mysql/client"
	"github.com/go-mysql-org/go-mysql/mysql"
	"github.com/go-mysql-org/go-mysql/replication"
)

type task struct {
	host, user, password, file string
	port                       uint16
	end                        uint32
	asJSON                     bool
}

type line struct {
	Database string         `json:"database"`
	Table    string         `json:"table"`
	Type     string         `json:"type"`
	Ts       uint32         `json:"ts"`
	Data     map[string]any `json:"data"`
	Old      map[string]any `json:"old,omitempty"`
}

type reader struct {
	task  task
	out   *bufio.Writer
	names map[string][]string
	rows  uint64
}

func parse(words []string) (task, error) {
	if len(words) != 9 {
		return task{}, fmt.Errorf("expected 9 arguments, got %d", len(words))
	}
	port, err := strconv.ParseUint(words[1], 10, 16)
	if err != nil {
		return task{}, err
	}
	end, err := strconv.ParseUint(words[5], 10, 32)
	return task{host: words[0], port: uint16(port), user: words[2], password: words[3],
		file: words[4], end: uint32(end), asJSON: words[8] == "json"}, err
}

// The binlog names columns only with binlog_row_metadata=FULL; otherwise the server is asked once.
func (r *reader) columns(table *replication.TableMapEvent) ([]string, error) {
	if names := table.ColumnNameString(); len(names) > 0 {
		return names, nil
	}
	key := string(table.Schema) + "." + string(table.Table)
	if names, known := r.names[key]; known {
		return names, nil
	}
	conn, err := client.Connect(fmt.Sprintf("%s:%d", r.task.host, r.task.port), r.task.user,
		r.task.password, "information_schema")
	if err != nil {
		return nil, err
	}
	defer conn.Close()
	found, err := conn.Execute("SELECT column_name FROM columns WHERE table_schema = ? AND "+
		"table_name = ? ORDER BY ordinal_position", string(table.Schema), string(table.Table))
	if err != nil {
		return nil, err
	}
	names := make([]string, found.RowNumber())
	for i := range names {
		if names[i], err = found.GetString(i, 0); err != nil {
			return nil, err
		}
	}
	r.names[key] = names
	return names, nil
}

func printable(value any) any {
	if text, isBytes := value.([]byte); isBytes {
		return string(text)
	}
	return value
}

func same(a, b any) bool {
	text, isBytes := a.([]byte)
	if !isBytes {
		return a == b
	}
	other, isBytes := b.([]byte)
	return isBytes && bytes.Equal(text, other)
}

func (r *reader) print(kind string, ts uint32, event *replication.RowsEvent) error {
	names, err := r.columns(event.Table)
	if err != nil {
		return err
	}
	step := 1
	if kind == "update" {
		step = 2
	}
	for i := 0; i+step <= len(event.Rows); i += step {
		image := event.Rows[i+step-1]
		row := line{Database: string(event.Table.Schema), Table: string(event.Table.Table),
			Type: kind, Ts: ts, Data: make(map[string]any, len(image))}
		if step == 2 {
			row.Old = map[string]any{}
		}
		for column, value := range image {
			row.Data[names[column]] = printable(value)
			if step == 2 && !same(event.Rows[i][column], value) {
				row.Old[names[column]] = printable(event.Rows[i][column])
			}
		}
		text, err := json.Marshal(row)
		if err != nil {
			return err
		}
		r.out.Write(text)
		r.out.WriteByte('\n')
	}
	return nil
}

func kindOf(event replication.EventType) string {
	switch event {
	case replication.WRITE_ROWS_EVENTv1, replication.WRITE_ROWS_EVENTv2:
		return "insert"
	case replication.UPDATE_ROWS_EVENTv1, replication.UPDATE_ROWS_EVENTv2:
		return "update"
	case replication.DELETE_ROWS_EVENTv1, replication.DELETE_ROWS_EVENTv2:
		return "delete"
	}
	return ""
}

func (r *reader) take(event *replication.BinlogEvent) error {
	rows, isRows := event.Event.(*replication.RowsEvent)
	if !isRows {
		return nil
	}
	kind := kindOf(event.Header.EventType)
	if kind == "" {
		return fmt.Errorf("unexpected event %s", event.Header.EventType)
	}
	count := len(rows.Rows)
	if kind == "update" {
		count /= 2
	}
	r.rows += uint64(count)
	if !r.task.asJSON {
		return nil
	}
	return r.print(kind, event.Header.Timestamp, rows)
}

func cpu() float64 {
	var usage syscall.Rusage
	_ = syscall.Getrusage(syscall.RUSAGE_SELF, &usage)
	return float64(usage.Utime.Nano()+usage.Stime.Nano()) / 1e9
}

func run(words []string) error {
	wanted, err := parse(words)
	if err != nil {
		return err
	}
	null, err := os.OpenFile(os.DevNull, os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	syncer := replication.NewBinlogSyncer(replication.BinlogSyncerConfig{
		ServerID: 4711001, Flavor: mysql.MariaDBFlavor, Host: wanted.host, Port: wanted.port,
		User: wanted.user, Password: wanted.password,
		Logger: slog.New(slog.NewTextHandler(io.Discard, nil))})
	defer syncer.Close()
	stream, err := syncer.StartSync(mysql.Position{Name: wanted.file, Pos: 4})
	if err != nil {
		return err
	}
	r := reader{task: wanted, out: bufio.NewWriterSize(null, 1<<16), names: map[string][]string{}}
	var started time.Time
	var startedCPU float64
	for {
		ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
		event, err := stream.GetEvent(ctx)
		cancel()
		if err != nil {
			return err
		}
		if started.IsZero() && kindOf(event.Header.EventType) != "" {
			started, startedCPU = time.Now(), cpu()
		}
		if err = r.take(event); err != nil {
			return err
		}
		// The artificial events at the start of a dump carry other positions.
		if r.rows > 0 && event.Header.LogPos >= wanted.end {
			break
		}
	}
	if err = r.out.Flush(); err != nil {
		return err
	}
	fmt.Printf("%d %d %.6f %.6f\n", r.rows, r.rows, time.Since(started).Seconds(), cpu()-startedCPU)
	return nil
}

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "go_mysql:", err)
		os.Exit(1)
	}
}
