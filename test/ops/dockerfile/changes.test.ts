import { describe, expect, test } from 'vitest'
import { applyChanges } from '../../../src/ops/dockerfile/changes.js'

const changed = (...changes: string[]) => applyChanges({}, changes)

describe('changes are one Dockerfile', () => {
  test('whatever the case, with continued lines and comments', () => {
    expect(changed('cmd ["a"]', '# nothing', 'ENV A=1 \\', '# in between', '', '  B=2')).toEqual({
      Cmd: ['a'],
      Env: ['A=1', 'B=2'],
    })
    expect(changed('USER a\nWORKDIR /x')).toEqual({ User: 'a', WorkingDir: '/x' })
    expect(changed('# escape=`', 'ENV A=1 `', 'B=2')).toEqual({ Env: ['A=1', 'B=2'] })
  })

  test("podman's form is read as well", () => {
    expect(changed('CMD=/bin/x', 'ENV=A=1', 'WORKDIR=/y')).toEqual({
      Cmd: ['/bin/sh', '-c', '/bin/x'],
      Env: ['A=1'],
      WorkingDir: '/y',
    })
  })

  test('what was there before stays', () => {
    const before = { Env: ['PATH=/bin', 'A=0'], Labels: { a: '1' }, User: 'x' }
    expect(applyChanges(before, ['ENV A=$PATH:/a', 'LABEL b=2'])).toEqual({
      Env: ['PATH=/bin', 'A=/bin:/a'],
      Labels: { a: '1', b: '2' },
      User: 'x',
    })
    expect(before.Env).toEqual(['PATH=/bin', 'A=0'])
  })
})

describe('CMD and ENTRYPOINT', () => {
  test('are JSON, or a command for the shell', () => {
    expect(changed('CMD ["a", "b c"]').Cmd).toEqual(['a', 'b c'])
    expect(changed('CMD ["a"] b').Cmd).toEqual(['/bin/sh', '-c', '["a"] b'])
    expect(changed('CMD [a]').Cmd).toEqual(['/bin/sh', '-c', '[a]'])
    expect(changed("ENTRYPOINT echo 'a b' $X").Entrypoint).toEqual(['/bin/sh', '-c', "echo 'a b' $X"])
    expect(() => changed('CMD ["a", 1]')).toThrow('arrays must be comprised of strings only')
  })

  test('an ENTRYPOINT takes a CMD from before away, but not one of the changes', () => {
    expect(applyChanges({ Cmd: ['old'] }, ['ENTRYPOINT ["e"]'])).toEqual({ Entrypoint: ['e'] })
    expect(changed('CMD ["c"]', 'ENTRYPOINT ["e"]')).toEqual({ Cmd: ['c'], Entrypoint: ['e'] })
  })
})

describe('ENV and LABEL', () => {
  test.each([
    ['ENV A=1 B="two words" C=$A/x', ['A=1', 'B=two words', 'C=/x']],
    ['ENV A two words', ['A=two words']],
    ['ENV A=\'$B\' B=\\$x C="\\$y \\z"', ['A=$B', 'B=$x', 'C=$y \\z']],
    ['ENV A=${X:-dflt} B=${X:+set} C=x${X}y', ['A=dflt', 'B=', 'C=xy']],
    ['ENV A=a\\ b', ['A=a b']],
  ])('%s', (change, env) => {
    expect(changed(change).Env).toEqual(env)
  })

  // What docker 28 makes of them.
  test.each([
    ['foo.tar.gz', '${A%o*}', 'fo'],
    ['foo.tar.gz', '${A%.*}', 'foo.tar'],
    ['foo.tar.gz', '"${A%%.*}"', 'foo'],
    ['foo.tar.gz', '${A#*.}', 'tar.gz'],
    ['foo.tar.gz', '${A##*.}', 'gz'],
    ['foo.tar.gz', '${A#f?o}', '.tar.gz'],
    ['foo.tar.gz', '${A%[a-z]}', 'foo.tar.gz'],
    ['foo.tar.gz', '${A%.*.gz}', 'foo'],
    ['foo.tar.gz', '${A%".g"*}', 'foo.tar'],
    ['aXbXc', '${A%X*}${A%%X*}${A#*X}${A##*X}', 'aXbabXcc'],
    ['aXbXc', '${A#*X*X}${A##*?X}${A%X*X*}', 'cca'],
    ['/x/y/x', '${A/x/z}', '/z/y/x'],
    ['/x/y/x', '${A//x/z}', '/z/y/z'],
    ['/x/y/x', '${A//\\//-}', '-x-y-x'],
    ['/x/y/x', '${A/nope/z}', '/x/y/x'],
    ['/x/y/x', '${A//\\/x/$A}', '/x/y/x/y/x/y/x'],
    ['abc', '${A//*/X}', 'X'],
    ['abc', '${A///X}', 'XaXbXcX'],
    ['abab', '${A//a*b*/Z}${A//?b/Z}', 'ZZZ'],
    ['abc', "${A//b/'[$$]${0}$1$x'}", 'a[$]bc'],
    ['abc', "${A/b/'$0'}", 'a$0c'],
    ['a*c', '${A%\\*c}', 'a'],
    ['x}', '${A%\\}}', 'x'],
    ['äöü', '${A#?}${A%ü}', 'öüäö'],
    ['a', '${N%x}${N/x/y}', ''],
  ])('of %s %s is %s', (value, text, expected) => {
    expect(changed(`ENV A=${value}`, `ENV B=${text}`).Env?.[1]).toBe(`B=${expected}`)
  })

  test('a pattern takes no longer than what it is held against is long', () => {
    const value = 'a'.repeat(100_000)
    expect(applyChanges({ Env: [`A=${value}`] }, ['ENV B=${A//a*a*a*a*b/x}']).Env?.[1]).toBe(`B=${value}`)
  })

  test('variables of an earlier instruction are seen, those of the same one are not', () => {
    expect(changed('ENV A=1', 'ENV A=2 B=$A').Env).toEqual(['A=2', 'B=1'])
    expect(changed('ENV A=1', 'LABEL "x y"=$A n$A="a  b"').Labels).toEqual({ 'x y': '1', n1: 'a  b' })
  })

  test.each([
    ['ENV', 'ENV requires at least one argument'],
    ['ENV A', 'ENV must have two arguments'],
    ['ENV A=1 B', 'can\'t find = in "B"'],
    ['ENV =1', 'ENV names can not be blank'],
    ['ENV A="x', 'looking for matching double-quote'],
    ['ENV A=${X', "syntax error: missing '}'"],
    ['ENV A=${X:?none}', 'X: none'],
    ['ENV A=${X:%y}', 'unsupported modifier (:%)'],
    ['ENV A=${X^}', 'unsupported modifier (^)'],
    ['ENV A=${X:-y', "syntax error: missing '}'"],
    ['ENV A=${X//y}', "syntax error: missing '/' in ${}"],
    ['ENV A=${X/y/z', "syntax error: missing '}'"],
    ['ENV A=${X%\\y}', 'invalid pattern (\\y) in substitution'],
    ['ENV A=${}', 'syntax error: bad substitution'],
  ])('%s is refused', (change, message) => {
    expect(() => changed(change)).toThrow(message)
  })
})

describe('EXPOSE', () => {
  test('knows ranges, protocols and variables of several words', () => {
    const ports = changed('ENV P="80 443"', 'EXPOSE $P 8000-8002/udp 1.2.3.4:99:100 9/SCTP').ExposedPorts
    expect(Object.keys(ports ?? {})).toEqual([
      '80/tcp',
      '443/tcp',
      '8000/udp',
      '8001/udp',
      '8002/udp',
      '100/tcp',
      '9/sctp',
    ])
  })

  test('of nothing exposes nothing, and of no protocol tcp', () => {
    expect(changed('ENV P=', 'EXPOSE $P')).toEqual({ Env: ['P='] })
    expect(changed('EXPOSE 80/ 81/tcp/udp [::1]:5-6:82').ExposedPorts).toEqual({
      '80/tcp': {},
      '81/tcp': {},
      '82/tcp': {},
    })
  })

  test.each([
    ['EXPOSE', 'EXPOSE requires at least one argument'],
    ['EXPOSE 99999', 'Invalid containerPort: 99999'],
    ['EXPOSE 9-8', 'Invalid containerPort: 9-8'],
    ['EXPOSE 80/xyz', 'Invalid proto: xyz'],
    ['EXPOSE x', 'Invalid containerPort: x'],
    ['EXPOSE 80:', 'No port specified: 80:<empty>'],
    ['EXPOSE x:80', 'Invalid hostPort: x'],
    ['EXPOSE y:1:2', 'Invalid ip address: y'],
    ['EXPOSE ::1:1:2', 'Invalid ip address: ::1'],
    ['EXPOSE 1:2-3', 'Invalid ranges specified for container and host Ports: 2-3 and 1'],
  ])('%s is refused', (change, message) => {
    expect(() => changed(change)).toThrow(message)
  })
})

describe('HEALTHCHECK', () => {
  test.each([
    ['HEALTHCHECK NONE', { Test: ['NONE'] }],
    [
      'HEALTHCHECK --interval=1m30s --timeout=500ms --start-period=1s --retries=3 CMD curl -f x || exit 1',
      {
        Test: ['CMD-SHELL', 'curl -f x || exit 1'],
        Interval: 90e9,
        Timeout: 5e8,
        StartPeriod: 1e9,
        Retries: 3,
      },
    ],
    ['HEALTHCHECK CMD ["a","b"]', { Test: ['CMD', 'a', 'b'] }],
  ])('%s', (change, expected) => {
    expect(changed(change).Healthcheck).toEqual(expected)
  })

  test.each([
    ['HEALTHCHECK', 'requires at least one argument'],
    ['HEALTHCHECK CMD', 'Missing command after HEALTHCHECK CMD'],
    ['HEALTHCHECK NONE x', 'HEALTHCHECK NONE takes no arguments'],
    ['HEALTHCHECK RUN x', 'Unknown type "RUN" in HEALTHCHECK (try CMD)'],
    ['HEALTHCHECK --interval=1us CMD x', 'cannot be less than 1ms'],
    ['HEALTHCHECK --interval=5 CMD x', 'missing unit in duration "5"'],
    ['HEALTHCHECK --often=1s CMD x', 'unknown flag: --often'],
    ['HEALTHCHECK --interval=1s --interval=1s CMD x', 'duplicate flag specified: --interval'],
    ['HEALTHCHECK --timeout=1d CMD x', 'unknown unit "d" in duration "1d"'],
    ['HEALTHCHECK --retries=-1 CMD x', 'cannot be negative'],
  ])('%s is refused', (change, message) => {
    expect(() => changed(change)).toThrow(message)
  })
})

describe('the others', () => {
  test('WORKDIR counts from the last one', () => {
    expect(changed('WORKDIR a', 'WORKDIR ../b').WorkingDir).toBe('/b')
    expect(changed('WORKDIR /a', 'WORKDIR b/../c/').WorkingDir).toBe('/a/c')
    expect(changed('WORKDIR /a//b/../c/').WorkingDir).toBe('/a/c')
  })

  test('VOLUME takes words or JSON, ONBUILD keeps its text, STOPSIGNAL knows signals', () => {
    expect(changed('VOLUME /a /b', 'VOLUME ["/c d"]').Volumes).toEqual({ '/a': {}, '/b': {}, '/c d': {} })
    expect(changed('OnBuild  run echo  "x"').OnBuild).toEqual(['run echo  "x"'])
    expect(changed('STOPSIGNAL SIGRTMIN+3').StopSignal).toBe('SIGRTMIN+3')
  })

  test.each([
    ['RUN x', 'RUN is not a valid change command'],
    ['Foo=bar', 'Foo=bar is not a valid change command'],
    ['# only a comment', 'file with no instructions'],
    ['USER', 'USER requires exactly one argument'],
    ['USER --x y', 'unknown flag: --x'],
    ['ONBUILD ONBUILD RUN x', "Chaining ONBUILD via `ONBUILD ONBUILD` isn't allowed"],
    ['ONBUILD FROM x', "FROM isn't allowed as an ONBUILD trigger"],
    ['STOPSIGNAL SIGFOO', 'invalid signal: SIGFOO'],
    ['VOLUME', 'VOLUME requires at least one argument'],
    ['VOLUME [""]', 'VOLUME specified can not be an empty string'],
  ])('%s is refused', (change, message) => {
    expect(() => changed(change)).toThrow(expect.objectContaining({ code: 'ERR_USAGE' }))
    expect(() => changed(change)).toThrow(message)
  })

  test('the line that is wrong is told', () => {
    expect(() => changed('USER a', 'ENV A=1 \\', 'B=2', 'RUN x')).toThrow('line 4 of the changes')
  })
})
