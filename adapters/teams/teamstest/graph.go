package teamstest

import (
	"net/http"
	"path"
)

// graphInstall installs the bot for a person, where the tenant lets it.
func (s *Server) graphInstall(c *call) (int, any, error) {
	u, err := s.graphUser(c)
	if err != nil {
		return 0, nil, err
	}
	if app := path.Base(parse(c.body).text("teamsApp@odata.bind")); app != s.opts.CatalogID {
		s.problem(ruleBody, "install of %q, which is not in the catalog", app)
		return 0, nil, refuse(http.StatusNotFound, "NotFound", "The app was not found in the app catalog.")
	}
	r := s.rooms[chatID(u.ObjectID)]
	if r.installed {
		return 0, nil, refuse(http.StatusConflict, "Conflict", "The app is already installed for the user.")
	}
	s.installed(r, u, true)
	return http.StatusCreated, nil, nil
}

// graphInstalled tells whether a person has the bot.
func (s *Server) graphInstalled(c *call) (int, any, error) {
	u, err := s.graphUser(c)
	if err != nil {
		return 0, nil, err
	}
	list := []object{}
	if s.rooms[chatID(u.ObjectID)].installed {
		list = append(list, object{"id": opaque("installed " + u.ObjectID), "teamsApp": object{"id": s.opts.CatalogID}})
	}
	return http.StatusOK, object{"value": list}, nil
}

func (s *Server) graphUser(c *call) (*User, error) {
	u := s.users[c.path("user")]
	switch {
	case !s.opts.Installable:
		return nil, refuse(http.StatusForbidden, "Forbidden", "Missing the permission TeamsAppInstallation.ReadWriteSelfForUser.All.")
	case u == nil || u.Deleted || u.TenantID != s.opts.TenantID:
		return nil, refuse(http.StatusNotFound, "NotFound", "The user was not found.")
	}
	return u, nil
}
