package store

import (
	"bytes"
	"encoding/json"
	"fmt"
	"time"

	"gorm.io/gorm"

	"interlock/agent"
)

// encode keeps raw arguments as they are: an approval binds to their bytes.
func encode(v any) (string, error) {
	var buf bytes.Buffer
	enc := json.NewEncoder(&buf)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		return "", fmt.Errorf("encode %T: %w", v, err)
	}
	return string(bytes.TrimSuffix(buf.Bytes(), []byte("\n"))), nil
}

func decode(s string, v any) error {
	if err := json.Unmarshal([]byte(s), v); err != nil {
		return fmt.Errorf("decode %T: %w", v, err)
	}
	return nil
}

// micros is a time as every table keeps it; no time at all is 0.
func micros(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMicro()
}

func moment(us int64) time.Time {
	if us == 0 {
		return time.Time{}
	}
	return time.UnixMicro(us).UTC()
}

func nowMicros() int64 { return time.Now().UnixMicro() }

// threadKey is a thread in one column: two threads never share one.
func threadKey(t agent.Thread) string {
	s, _ := encode([3]string{t.Platform, t.Channel, t.ID}) // strings always encode
	return s
}

func parseThread(key string) (agent.Thread, error) {
	var p [3]string
	err := decode(key, &p)
	return agent.Thread{Platform: p[0], Channel: p[1], ID: p[2]}, err
}

// one reads at most one row of a raw query.
func one[T any](tx *gorm.DB, sql string, args ...any) (row T, ok bool, err error) {
	res := tx.Raw(sql, args...).Scan(&row)
	return row, res.RowsAffected > 0, res.Error
}

// many reads all rows of a raw query.
func many[T any](tx *gorm.DB, sql string, args ...any) (rows []T, err error) {
	err = tx.Raw(sql, args...).Scan(&rows).Error
	return rows, err
}

// exec runs a statement and tells how many rows it touched.
func exec(tx *gorm.DB, sql string, args ...any) (int64, error) {
	res := tx.Exec(sql, args...)
	return res.RowsAffected, res.Error
}
