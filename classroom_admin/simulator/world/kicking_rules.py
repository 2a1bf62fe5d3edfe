"""Rules of the media network that bar one stream from publishing for some time."""

from classroom_admin.simulator.world import media
from classroom_admin.simulator.world.model import KickingRule
from classroom_admin.simulator.world.world import World

PRIVILEGES = ("join_channel", "publish_audio", "publish_video")


def add(world: World, *, channel: str, uid: str, privileges: tuple[str, ...], seconds: int) -> KickingRule:
    """Add a rule. The streams that match it stop publishing immediately."""
    number = 1 + max(world.kicking_rules, default=0)
    until = world.now + seconds * 1000
    rule = KickingRule(number, channel, uid, privileges, world.now, until)
    world.kicking_rules[number] = rule
    world.after(seconds * 1000, lambda: _expire(world, number))
    room = world.rooms.get(channel)
    for user in room.online() if room is not None else ():
        stream = user.streams.get(uid)
        if room is not None and stream is not None:
            now = {"video_state": stream.video_state, "audio_state": stream.audio_state}
            left = media.allowed(world, room, uid, now)
            if left != now:
                media.put(world, room, user, uid, left, operator=None)
    return rule


def _expire(world: World, number: int) -> None:
    world.kicking_rules.pop(number, None)


def remove(world: World, number: int) -> bool:
    """Delete a rule. Return False if there is no such rule."""
    return world.kicking_rules.pop(number, None) is not None
