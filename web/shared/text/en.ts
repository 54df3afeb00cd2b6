const en = {
  'weekday.0': 'Mon', 'weekday.1': 'Tue', 'weekday.2': 'Wed', 'weekday.3': 'Thu', 'weekday.4': 'Fri', 'weekday.5': 'Sat', 'weekday.6': 'Sun',
  'weekday.short.0': 'Mo', 'weekday.short.1': 'Tu', 'weekday.short.2': 'We', 'weekday.short.3': 'Th', 'weekday.short.4': 'Fr', 'weekday.short.5': 'Sa', 'weekday.short.6': 'Su',
  'month.1': 'Jan', 'month.2': 'Feb', 'month.3': 'Mar', 'month.4': 'Apr', 'month.5': 'May', 'month.6': 'Jun', 'month.7': 'Jul', 'month.8': 'Aug', 'month.9': 'Sep', 'month.10': 'Oct', 'month.11': 'Nov', 'month.12': 'Dec',
  'time.date': '{d} {month}', 'time.dateYear': '{d} {month} {y}', 'time.dateWeekday': '{weekday} {date}', 'time.instant': '{date}, {time}',
  'time.month': '{month}', 'time.minutes': '{n} min', 'time.hours': '{n} h', 'time.hoursMinutes': '{h} h {m} min', 'time.days': '{n} days',
 

  'net.lost': 'No connection', 'net.lostKept': 'The connection was lost and nothing was sent. What you wrote is kept; send it again when you are back online.',
  'net.failed': 'That did not work', 'net.failedKept': 'The service cannot do this just now. What you wrote is kept; please try again in a while.',
  'net.page': 'The page failed', 'net.pageKept': 'Something went wrong on this page. What you wrote is kept; reload to go on.',
  'net.strip': 'No connection. You can go on writing; it is kept on this device', 'net.again': 'Reconnect now',
  'net.code': 'Code {code}',

  'unit.working_days': '{n} working days', 'unit.calendar_days': '{n} days', 'unit.months': '{n} months', 'unit.hours': '{n} hours', 'unit.minutes': '{n} minutes',
  'list.and': ', ', 'list.comma': ', ', 'list.plus': ' + ',

  'strip.key.start': 'Start', 'strip.key.counted': 'Counted', 'strip.key.extended': 'Extended', 'strip.key.paused': 'Paused', 'strip.key.provisional': 'Expected',
  'strip.key.off': 'Not counted', 'strip.key.due': 'Due', 'strip.key.overdue': 'Overdue', 'strip.key.check': 'Check', 'strip.key.elapsed': 'Elapsed',
  'strip.start': 'Begins {date}, {time}; that day does not count', 'strip.startMinutes': 'Begins {date}, {time}', 'strip.startLaw': 'Civil Code, article 201',
  'strip.adjusted': '; {days} are working days by arrangement', 'strip.workday': '{weekday} {date}',
  'strip.extendedFrom': ', after the first due day {date}',
  'strip.paused': 'Stopped for {n} days from {from} to {until}', 'strip.pausedOpen': 'Stopped since {from}, {n} days so far', 'strip.pausedMinutes': 'Stopped {from} to {until}', 'strip.pausedMinutesOpen': 'Stopped since {from}',
  'strip.provisional': 'The holiday notice for {year} is not out yet; from {date} on weekends and statutory holidays are assumed and counted again when it is',
  'strip.holiday': '{name}: {n} days', 'strip.weekend': 'weekends: {n} days', 'strip.rolled': 'moved to a working day: {n} days', 'strip.notice': 'Holiday notice {notice}',
  'strip.due': '{date}, end of day', 'strip.dueMinutes': '{date}, {time}', 'strip.dueProvisional': ', expected',
  'strip.overdue': '{n} working days', 'strip.overdueSince': ', since {date}', 'strip.overdueAnswered': ', done on {date}',
  'strip.check': '{total} days = {parts}', 'strip.checkCounted': '{n} counted', 'strip.checkPaused': '{n} paused', 'strip.checkOff': '{n} not counted',
  'strip.elapsed': '{time} so far', 'strip.elapsedDone': 'took {time}', 'strip.noLimit': 'The document sets no limit; only the time taken is recorded',
  'strip.cell.counted': 'day {n}', 'strip.cell.narrow': 'd{n}', 'strip.cell.extended': '+{n}', 'strip.cell.overdue': '{n} late', 'strip.cell.start': 'start',
  'strip.cell.weekend': 'weekend', 'strip.cell.rest': 'off', 'strip.cell.holiday': '{name} holiday', 'strip.cell.holidayShort': '{name}', 'strip.cell.paused': 'paused', 'strip.cell.rolled': 'moved',
  'strip.mark.today': 'today', 'strip.mark.adjusted': 'workday', 'strip.mark.former': 'first due', 'strip.mark.answered': 'answered', 'strip.mark.due': 'due',
  'strip.line.adjusted': 'wk', 'strip.line.start': 'st', 'strip.line.weekend': 'off', 'strip.line.holiday': 'hol', 'strip.line.paused': '||', 'strip.line.due': 'due',
  'strip.fold.counted': 'Days {first}–{last}', 'strip.fold.extended': '+{first} to +{last} days', 'strip.fold.overdue': '{first}–{last} days late', 'strip.fold.paused': 'Paused {weeks} weeks', 'strip.fold.range': '{from} to {to}', 'strip.fold.off': '{n} days off', 'strip.fold.weeks': '{weeks} full weeks',
  'strip.legend': 'How it is counted', 'strip.whyDay': 'Why this day', 'strip.whyDate': 'Why it is due on {date}',

  'pill.left': '{n} working days left', 'pill.leftMinutes': '{time} left', 'pill.today': 'Due today', 'pill.late': '{n} working days overdue', 'pill.lateDays': 'Overdue', 'pill.lateMinutes': '{time} overdue',
  'pill.doneOnTime': 'Done in time', 'pill.doneLate': 'Done late', 'pill.paused': 'Paused', 'pill.provisional': '{date}, expected', 'pill.elapsed': '{time} so far',
  'pill.draft': 'Draft', 'pill.cancelled': 'No longer counted', 'pill.sep': ' · ',

  'clause.loading': 'Fetching the article…', 'clause.none': 'The article cannot be fetched just now. {text}', 'clause.left': 'Not made into a rule: {left}', 'clause.reading': 'Reading {n}', 'clause.product': 'Function of the system',

  'form.optional': ' (optional)', 'form.yes': 'Yes', 'form.no': 'No', 'form.choose': 'Choose', 'form.count': '{n} characters left', 'form.over': '{n} characters too many',
  'form.missing': 'Enter: {title}.', 'form.missingChoice': 'Choose: {title}.', 'form.phone': 'Enter a telephone number, for example 13812345678 or 023-12345678.', 'form.phoneShort': 'A mobile number has 11 digits; {n} missing.', 'form.phoneLong': 'A mobile number has 11 digits; {n} too many.',
  'form.number': 'Enter a number.', 'form.min': 'Not less than {n}.', 'form.max': 'Not more than {n}.', 'form.date': 'Enter a date that exists, for example 2021-02-05.', 'form.tooLong': 'At most {max} characters; now {n}.',
  'form.errors': '{n} things to correct', 'form.saved': 'Kept on this device at {time}', 'form.savedMemory': 'This device keeps no drafts; please do not close the page',
  'form.entryHits': '{n} found; choose with the arrow keys.', 'form.entryNone': 'Nothing found for “{q}”. Try another word.', 'form.limitNumber': 'Number', 'form.limitUnit': 'Unit',
  'form.year': 'Year', 'form.addFile': 'Add a photo or file', 'form.removeFile': 'Remove {name}', 'form.fileHelp': 'Photos, PDF or office documents, up to 20 MB each. The place stored in a photo is removed.', 'form.fileBig': '“{name}” has {mb} MB; the limit is 20 MB.',
  'form.fileType': '“{name}” is not of a kind that can be taken. Send photos, PDF or office documents.', 'form.whyNot': 'Why not the suggestion',

  'refusal.asked': 'You asked for', 'refusal.why': 'Why not', 'refusal.next': 'What to do next', 'refusal.basis': 'Basis', 'refusal.code': 'Code {code}',
  'timeline.more': 'Show {n} more', 'timeline.you': 'You', 'timeline.fold': 'Show less', 'timeline.unfold': 'Show all',
  'step.done': ' (done)', 'step.now': ' (now)', 'step.ahead': ' (to come)',
  'file.open': 'Open {name}', 'file.none': 'File without a name',
};
export default en as Record<string, string>;
