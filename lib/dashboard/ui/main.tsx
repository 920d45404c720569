import { render } from 'preact'
import { App } from './app.tsx'
import { startLive } from './live.ts'
import { applyTheme } from './settings.ts'
import './style/base.css'
import './style/parts.css'
import './style/pages.css'

applyTheme()
startLive()
render(<App />, document.getElementById('app')!)
