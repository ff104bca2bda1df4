#include "collector/ask/case_lessons.h"
#include "collector/ask/label.h"
#include "collector/diagnose/experience.h"

int
case_lessons(struct scene *scene, struct arena *arena, struct store *store,
    struct err *err)
{
	struct experience *experience;
	struct incidents incidents;
	struct labels labels;

	if (labels_find(&labels, arena, store, "", scene->at_ms, err) < 0)
		return -1;
	if (labels.n == 0)
		return 0; /* as usual: spares looking for incidents */
	if (incidents_find(&incidents, arena, store, "", 0, scene->at_ms, err) <
	    0)
		return -1;
	experience = arena_zalloc(arena, sizeof(*experience));
	for (size_t i = 0; i < incidents.n; i++) {
		const struct incident *incident = &incidents.list[i];
		const struct label *label = labels_of(&labels, incident);

		if (incident->closed_ms == 0 || label == NULL)
			continue;
		experience_add(experience, label->blame);
		if (label->findings != NULL)
			experience_add_findings(
			    experience, label->blame, label->findings);
	}
	scene->experience = experience;
	return 0;
}
