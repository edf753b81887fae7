package main

import (
	"database/sql"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"interlock/agent"
)

func (a *aviary) events() error {
	all, err := a.app.db.Sessions(a.Context(), demoOrg, time.Time{}, time.Now(), 0, 1e6)
	if err != nil {
		return err
	}
	for _, id := range all {
		s, err := a.app.db.Load(a.Context(), demoOrg, id)
		if err != nil {
			return err
		}
		a.document("event", s.Events)
	}
	return nil
}

func (a *aviary) messages() error {
	all, err := a.app.db.Read(a.Context(), demoOrg, agent.Thread{Platform: "console", Channel: "payments"}, 0, 1e6)
	for _, m := range all {
		a.document("message", m)
	}
	return err
}

// artifacts opens all that was kept. A plan holds the code and the values that it is
// about, by right: it is encrypted, and only who applies it opens it. What is told of
// it stands beside it, and is searched with the database as it lies on the disk.
func (a *aviary) artifacts() error {
	db, err := sql.Open("sqlite", "file:"+filepath.Join(a.app.cfg.DataDir, "interlock.db")+"?mode=ro&_pragma=busy_timeout(5000)")
	if err != nil {
		return err
	}
	defer func() { _ = db.Close() }()
	if err := a.tables(db); err != nil {
		return err
	}
	var ids string
	if err := db.QueryRowContext(a.Context(), "SELECT coalesce(group_concat(id, ' '), '') FROM artifacts WHERE org = ?", demoOrg).Scan(&ids); err != nil {
		return err
	}
	for id := range strings.FieldsSeq(ids) {
		f, err := a.app.db.Artifact(a.Context(), demoOrg, id)
		if err != nil {
			return err
		}
		may := inPlan
		switch f.Kind {
		case agent.KindOutput, agent.KindLog:
			may = nil
		case agent.KindWork: // of the repository, and nothing else
			may = inRepo
		}
		a.look("artifact ("+f.Kind+")", f.Bytes, may)
	}
	return nil
}

// dataFolder searches what lies on the disk when nothing runs any more: the database
// as it is, and whatever should have been cleaned away. The keys are where they belong.
func (a *aviary) dataFolder() error {
	return filepath.WalkDir(a.app.cfg.DataDir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() || filepath.Base(filepath.Dir(path)) == "keys" {
			return err
		}
		b, err := os.ReadFile(path)
		place, may := "data folder", (func(*canary) bool)(nil)
		switch {
		case strings.HasPrefix(d.Name(), "interlock.db"):
			place = "database on the disk"
		case strings.HasPrefix(path, filepath.Join(a.app.cfg.DataDir, "packs")):
			place, may = "packs of repositories", inRepo
		}
		a.look(place, b, may)
		return err
	})
}

// tables searches every column as it is stored. In the file itself a long one may be
// cut into pages.
func (a *aviary) tables(db *sql.DB) error {
	var names string
	if err := db.QueryRowContext(a.Context(), "SELECT group_concat(name, ' ') FROM sqlite_schema WHERE type = 'table'").Scan(&names); err != nil {
		return err
	}
	for name := range strings.FieldsSeq(names) {
		rows, err := db.QueryContext(a.Context(), "SELECT * FROM "+name) //nolint:gosec // a name of our own schema
		if err != nil {
			return err
		}
		if err := errors.Join(a.rows(name, rows), rows.Close()); err != nil {
			return err
		}
	}
	return nil
}

func (a *aviary) rows(table string, rows *sql.Rows) error {
	columns, err := rows.Columns()
	if err != nil {
		return err
	}
	for rows.Next() {
		values, row := make([]sql.RawBytes, len(columns)), make([]any, len(columns))
		for i := range values {
			row[i] = &values[i]
		}
		if err := rows.Scan(row...); err != nil {
			return err
		}
		for i, v := range values {
			a.look("database on the disk", []byte(table+"."+columns[i]+": "+string(v)), nil)
		}
	}
	return rows.Err()
}
