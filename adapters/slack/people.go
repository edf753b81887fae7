package slack

import (
	"context"

	"github.com/slack-go/slack"

	"interlock/bot"
	"interlock/rbac"
)

// account is how a person is asked about: Slack knows them by their id alone.
func account(user string) rbac.Actor { return rbac.Actor{ID: user} }

// name is for display: what was last known, or the id.
func (p *Platform) name(user string) string { return first(p.people.Name(account(user)), user) }

// profile asks Slack about a person.
func (p *Platform) profile(ctx context.Context, who rbac.Actor) (bot.Profile, error) {
	var u *slack.User
	err := p.paced(ctx, methodUser, "", func(api *slack.Client) (err error) {
		u, err = api.GetUserInfoContext(ctx, who.ID)
		return err
	})
	switch {
	case code(err) == "user_not_found" || code(err) == "user_not_visible":
		return bot.Profile{Outsider: "not known to this workspace"}, nil
	case err != nil:
		return bot.Profile{}, err
	}
	return bot.Profile{Name: first(u.Profile.DisplayName, u.RealName, u.Profile.RealName, u.Name), Outsider: outside(u)}, nil
}

// outside says why somebody is no full member of the workspace.
func outside(u *slack.User) string {
	switch {
	case u.Deleted:
		return "switched off"
	case u.IsBot || u.IsWorkflowBot || u.ID == "USLACKBOT":
		return "a bot"
	case u.IsStranger:
		return "of another workspace"
	case u.IsRestricted || u.IsUltraRestricted || u.IsInvitedUser:
		return "a guest"
	}
	return ""
}

// Vet is who a chat identity is by Slack's own word, of late: its name, and why
// it is no full member. An error means that Slack did not say within the last hour.
func (p *Platform) Vet(ctx context.Context, who rbac.Actor) (rbac.Actor, error) {
	pr, err := p.people.Vet(ctx, account(who.ID))
	return pr.Tell(who), err
}

// vouch is Vet for somebody who decides: what Slack said long ago does not count.
func (p *Platform) vouch(ctx context.Context, who rbac.Actor) (rbac.Actor, error) {
	pr, err := p.people.Vouch(ctx, account(who.ID))
	return pr.Tell(who), err
}
