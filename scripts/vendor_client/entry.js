// The parts of the vendor's web client that call the cloud and read its events.
import { AgoraRteEngineConfig } from 'agora-rte-sdk/lib/configs';
import { AgoraRteService } from 'agora-rte-sdk/lib/core/services/api';
import { AgoraRteChannelMessageHandle } from 'agora-rte-sdk/lib/core/processor/channel-msg/handler';
import { AgoraRteSyncDataStore } from 'agora-rte-sdk/lib/core/processor/channel-msg/data';
import { AgoraRteSyncSnapshotData } from 'agora-rte-sdk/lib/core/processor/channel-msg/struct';
import { EduApiService } from 'agora-edu-core/lib/services/api';
import { EduClassroomConfig } from 'agora-edu-core/lib/configs';

const services = {};
const store = new AgoraRteSyncDataStore();
let reader = null;
let sequence = 0;

function session(room, person) {
  return { roomUuid: room, userUuid: person.uuid, userName: person.uuid, role: person.role, roomName: 'Class one', roomType: 4,
    flexProperties: {}, duration: 3600, startTime: Date.now() + 3600000, token: person.token };
}

window.vendor = {
  // Make the services of one person, with the headers that the client sends.
  setUp(appId, host, room, person) {
    const config = new EduClassroomConfig(appId, session(room, person), '', { region: 'AP' });
    EduClassroomConfig.setConfig(config);
    AgoraRteEngineConfig.setConfig(config.rteEngineConfig);
    for (const [name, made, prefix] of [['edu', new EduApiService(), 'edu'], ['rte', new AgoraRteService(), 'scene']]) {
      made.host = host;
      made.pathPrefix = `/${prefix}/apps/${appId}`;
      made.headers = { 'Content-Type': 'application/json', 'x-agora-token': person.token, 'x-agora-uid': person.uuid,
        Authorization: `agora token="${person.token}"` };
      services[`${person.uuid}.${name}`] = made;
    }
    services[`${person.uuid}.session`] = session(room, person);
  },
  // Call a method. Return {data} or {failed}.
  async call(service, method, parameters) {
    const given = parameters.map((one) => (one === 'SESSION' ? services[`${service.split('.')[0]}.session`] : one));
    try {
      const answer = await services[service][method](...given);
      return { data: answer === undefined ? null : answer };
    } catch (error) {
      return { failed: String((error && error.servCode) || '') + ' ' + String((error && error.message) || error) };
    }
  },
  // Read the class as the client does: a snapshot, then the events that follow.
  async read(service, room) {
    const rte = services[service];
    if (reader === null) {
      const snapshot = AgoraRteSyncSnapshotData.fromData(await rte.syncSnapShot(room));
      reader = new AgoraRteChannelMessageHandle(store, { sceneId: room, userUuid: 'observer', streamUuid: '0' });
      reader.handleSnapshot(snapshot);
      sequence = snapshot.sequence;
    }
    const answer = await rte.syncSequence(room, sequence + 1, 100);
    const events = answer.list || answer;
    for (const event of events) {
      reader.handleMessage({ sequence: { ...event, timestamp: event.ts } });
      sequence = event.sequence;
    }
    return events.length;
  },
  state() {
    const streams = store.streams.toArray().map(([uuid, one]) => [uuid, { video: one.videoState, audio: one.audioState }]);
    return { users: [...store.users.keys()].sort(), streams: Object.fromEntries(streams),
      properties: JSON.parse(JSON.stringify(store.roomProperties)) };
  },
};
