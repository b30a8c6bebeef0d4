(** * The second phase from a state that is not at rest

    Technical after the vocabulary; the statements are in [ApproximatelySettled.v].

    The idea: follow the drift [s_(t+1) - s_t] alone, which needs no reference point.  The
    first drift is the residual minus [beta grad ell]; each later one is [F]'s linear part
    applied to the one before, up to what a strict derivative makes small. *)

From Coq Require Import Reals Lra List Lia.
From Coquelicot Require Import Coquelicot.
From CEP Require Import Algebra Limits Gradients Dynamics Bptt LearningRules LinearResponse.
From CEP Require Import Potential Network.
From CEP Require Export Vocabulary.
Set Implicit Arguments.
Open Scope R_scope.

(** ** Vocabulary *)

(** ** Strict derivatives *)

Lemma strict_diff (U V : NM) (f : U -> V) p l : strictly_differentiable U V f p l -> filterdiff f (locally p) l.
Proof.
intros [Hl H]. split. exact Hl. intros x Hx.
assert (E := @is_filter_lim_locally_unique R_AbsRing U _ _ Hx). subst x. intros eps.
destruct (H eps) as [near [Hn Hs]].
refine (@filter_imp U (locally p) _ _ _ _ Hn). intros y Hy. apply Hs; auto. apply (locally_singleton p near Hn).
Qed.
Lemma strict_quotient (T : Type) (along : (T -> Prop) -> Prop) (HA : Filter along) (U V : NM) (f : U -> V) (l : U -> V)
  (p0 : U) (b : T -> R) (p q : T -> U) (w : U) :
  strictly_differentiable U V f p0 l ->
  filterlim p along (locally p0) -> filterlim q along (locally p0) ->
  filterlim (fun x => scal (/ b x : R_AbsRing) (minus (q x) (p x))) along (locally w) ->
  filterlim (fun x => scal (/ b x : R_AbsRing) (minus (f (q x)) (f (p x)))) along (locally (l w)).
Proof.
intros [Hl H] Hp Hq Hw.
set (d := fun x => scal (/ b x : R_AbsRing) (minus (q x) (p x))) in *.
apply filterlim_ext with (fun x => plus (l (d x))
   (scal (/ b x : R_AbsRing) (minus (minus (f (q x)) (f (p x))) (l (minus (q x) (p x)))))).
{ intros x. unfold d. rewrite (linear_scal _ Hl). module V. }
replace (l w) with (plus (l w) zero) by apply plus_zero_r.
apply (@flim_plus T along HA V). eapply filterlim_comp. exact Hw. apply (linear_cont l w Hl).
apply flim_norm; auto. intros eps.
assert (Hn : 0 < norm w + 1) by (generalize (norm_ge_0 w); lra).
assert (He : 0 < eps / (norm w + 1)) by (apply Rdiv_lt_0_compat; auto; apply cond_pos).
destruct (H (mkposreal _ He)) as [near [Hnear Hs]]. simpl in Hs.
assert (H1 := Hp _ Hnear). assert (H2 := Hq _ Hnear). unfold filtermap in H1, H2.
assert (H3 := proj1 (@flim_norm T along HA U d w) Hw (mkposreal 1 Rlt_0_1)). simpl in H3.
refine (@filter_imp T along HA _ _ _ (filter_and _ _ H1 (filter_and _ _ H2 H3))).
intros x [A [B C]].
eapply Rle_lt_trans. right; apply f_equal; apply minus_zero_r.
eapply Rle_lt_trans. right; apply norm_scal_R.
assert (D : norm (d x) < norm w + 1).
{ replace (d x) with (plus (minus (d x) w) w) by module U.
  eapply Rle_lt_trans. apply norm_triangle. rewrite Rplus_comm. apply Rplus_lt_compat_l. exact C. }
assert (Eq : norm (d x) = Rabs (/ b x) * norm (minus (q x) (p x))) by (unfold d; apply norm_scal_R).
apply Rle_lt_trans with (Rabs (/ b x) * (eps / (norm w + 1) * norm (minus (q x) (p x)))).
apply Rmult_le_compat_l. apply Rabs_pos. apply Hs; assumption.
replace (Rabs (/ b x) * (eps / (norm w + 1) * norm (minus (q x) (p x)))) with (eps / (norm w + 1) * norm (d x)) by (rewrite Eq; ring).
apply Rlt_le_trans with (eps / (norm w + 1) * (norm w + 1)).
apply Rmult_lt_compat_l; auto. right; field; lra.
Qed.

Lemma step_quotient (V : NM) (b : R) (f1 f0 g1 g0 : V) : b <> 0 ->
  minus (scal (/ b : R_AbsRing) (minus f1 f0)) (minus g1 g0) =
  scal (/ b : R_AbsRing) (minus (minus f1 (scal (b : R_AbsRing) g1)) (minus f0 (scal (b : R_AbsRing) g0))).
Proof. intros Hb. module_field V. Qed.

Lemma update_quotient (V : NM) (b e : R) (th v : V) : b <> 0 -> e <> 0 ->
  scal (/ b : R_AbsRing) v = scal (/ e : R_AbsRing) (minus (plus th (scal (e / b : R_AbsRing) v)) th).
Proof. intros Hb He. module_field V. Qed.

Lemma first_quotient (V : NM) (b : R) (f s g : V) : b <> 0 ->
  scal (/ b : R_AbsRing) (minus (minus f (scal (b : R_AbsRing) g)) s) = minus (scal (/ b : R_AbsRing) (minus f s)) g.
Proof. intros Hb. module_field V. Qed.

(** ** The limit of the drift *)

Section Limit.
Variable N : network.
Variables (DF : State N * Param N -> State N) (DPhi : State N * Param N -> Param N).
Local Notation Z := (joint N).
Local Notation J := (dF_ds DF).
Local Notation B := (dF_dtheta DF).
Local Notation C := (dPhi_theta_ds DPhi).
Hypothesis strict : strict_derivatives N DF DPhi.
Hypothesis grad_cont : continuous (grad_ell N) (s_star N).
Context {T : Type} (along : (T -> Prop) -> Prop) {HA : Filter along}.
Variables (beta eta : T -> R) (kappa : R) (s : T -> State N) (r : State N).
Hypothesis Hb : filterlim beta along (locally (0:R)).
Hypothesis Hb0 : along (fun x => beta x <> 0).
Hypothesis Hk : filterlim (fun x => eta x / beta x) along (locally (kappa:R)).
Hypothesis Hs : filterlim s along (locally (s_star N)).
Hypothesis Hr : filterlim (fun x => scal (/ beta x : R_AbsRing) (residual N (s x))) along (locally r).
Let z (t : nat) (x : T) : State N * Param N := cep_from N (s x) (beta x) (eta x) t.
Let w (t : nat) : State N := iterate (modified_jacobian J B C kappa) t (minus r (grad_ell N (s_star N))).

Lemma drift_back (V : NM) (p q : T -> V) (p0 v : V) : filterlim p along (locally p0) ->
  filterlim (fun x => scal (/ beta x : R_AbsRing) (minus (q x) (p x))) along (locally v) -> filterlim q along (locally p0).
Proof.
intros Hp Hv.
apply filterlim_ext_loc with (fun x => plus (p x) (scal (beta x : R_AbsRing) (scal (/ beta x : R_AbsRing) (minus (q x) (p x))))).
{ revert Hb0. apply filter_imp. intros x Hx. module_field V. }
assert (E : p0 = plus p0 (scal (0 : R_AbsRing) v)) by module V.
replace (locally p0) with (locally (plus p0 (scal (0 : R_AbsRing) v))) by now rewrite <- E.
apply (@flim_plus T along HA V); auto. apply (@flim_scal T along HA V); auto.
Qed.

Lemma drift_param (t : nat) : filterlim (z t) along (locally ((s_star N, theta N) : Z)) ->
  filterlim (fun x => scal (/ beta x : R_AbsRing) (minus (fst (z (S t) x)) (fst (z t x)))) along (locally (w t)) ->
  filterlim (fun x => scal (/ beta x : R_AbsRing) (ep_rule (Phi_theta N) (z t x, fst (z (S t) x)))) along (locally (C (w t))).
Proof.
intros Hz Hd.
assert (Hs' := @drift_back (State N) _ _ _ _ (@flim_fst T along HA (State N) (Param N) _ _ Hz) Hd).
assert (Hth := @flim_snd T along HA (State N) (Param N) _ _ Hz).
assert (X := @strict_quotient T along HA Z (Param N) (Phi_theta N) DPhi (s_star N, theta N) beta (z t)
  (fun x => (fst (z (S t) x), snd (z t x))) (w t, zero) (proj2 strict) Hz (@flim_pair T along HA (State N) (Param N) _ _ _ _ Hs' Hth)).
apply X. clear X.
apply filterlim_ext with (fun x => ((scal (/ beta x : R_AbsRing) (minus (fst (z (S t) x)) (fst (z t x)))), zero) : Z).
{ intros x. apply injective_projections; simpl. reflexivity.
  change (zero = scal (/ beta x : R_AbsRing) (minus (snd (z t x)) (snd (z t x)))). module (Param N). }
apply (@flim_pair T along HA (State N) (Param N)). exact Hd. apply filterlim_const.
Qed.

Lemma drift (t : nat) : filterlim (z t) along (locally ((s_star N, theta N) : Z)) /\
  filterlim (fun x => scal (/ beta x : R_AbsRing) (minus (fst (z (S t) x)) (fst (z t x)))) along (locally (w t)).
Proof.
induction t as [|t [Hz Hd]].
- split.
  + apply (@flim_pair T along HA (State N) (Param N)). exact Hs. apply filterlim_const.
  + apply filterlim_ext_loc with (fun x => minus (scal (/ beta x : R_AbsRing) (residual N (s x))) (grad_ell N (s x))).
    { revert Hb0. apply filter_imp. intros x Hx. unfold residual, z, cep_from. cbn [nudged_phase]. unfold nudged_step. cbn [fst].
      module_field (State N). }
    apply (@flim_minus T along HA (State N)). exact Hr. eapply filterlim_comp. exact Hs. exact grad_cont.
- assert (Hp := drift_param Hz Hd).
  assert (Hdz : filterlim (fun x => scal (/ beta x : R_AbsRing) (minus (z (S t) x : Z) (z t x))) along
     (locally ((w t, scal (kappa : R_AbsRing) (C (w t))) : Z))).
  { apply filterlim_ext with (fun x => (scal (/ beta x : R_AbsRing) (minus (fst (z (S t) x)) (fst (z t x))),
      scal (eta x / beta x : R_AbsRing) (scal (/ beta x : R_AbsRing) (ep_rule (Phi_theta N) (z t x, fst (z (S t) x))))) : Z).
    { intros x. apply injective_projections. reflexivity.
      change (scal (eta x / beta x : R_AbsRing) (scal (/ beta x : R_AbsRing) (ep_rule (Phi_theta N) (z t x, fst (z (S t) x)))) =
        scal (/ beta x : R_AbsRing) (minus (plus (snd (z t x)) (scal (eta x / beta x : R_AbsRing) (ep_rule (Phi_theta N) (z t x, fst (z (S t) x))))) (snd (z t x)))).
      module (Param N). }
    apply (@flim_pair T along HA (State N) (Param N)). exact Hd.
    apply (@flim_scal T along HA (Param N)). exact Hk. exact Hp. }
  assert (Hz' := @drift_back Z _ _ _ _ Hz Hdz).
  split. exact Hz'.
  assert (X := @strict_quotient T along HA Z (State N) (F N) DF (s_star N, theta N) beta _ _ _ (proj1 strict) Hz Hz' Hdz).
  assert (G : forall t', filterlim (z t') along (locally ((s_star N, theta N) : Z)) ->
    filterlim (fun x => grad_ell N (fst (z t' x))) along (locally (grad_ell N (s_star N)))).
  { intros t' H. eapply filterlim_comp. exact (@flim_fst T along HA (State N) (Param N) _ _ H). exact grad_cont. }
  assert (Y := @flim_minus T along HA (State N) _ _ _ _ X (@flim_minus T along HA (State N) _ _ _ _ (G _ Hz') (G _ Hz))).
  assert (E : w (S t) = minus (DF (w t, scal (kappa : R_AbsRing) (C (w t)))) (minus (grad_ell N (s_star N)) (grad_ell N (s_star N)))).
  { unfold w at 1. cbn [iterate]. fold (w t). unfold modified_jacobian.
    assert (E1 := @split_lin (State N) (Param N) (State N) DF (proj1 (proj1 strict)) (w t, scal (kappa : R_AbsRing) (C (w t)))). cbn [fst snd] in E1.
    rewrite E1.
    assert (E2 : B (scal (kappa : R_AbsRing) (C (w t))) = scal (kappa : R_AbsRing) (B (C (w t)))).
    { refine (linear_scal B _ (kappa : R_AbsRing) _).
      exact (@dF_dtheta_linear _ _ _ _ _ _ (strict_diff (proj1 strict))). }
    unfold dF_dtheta in E2 at 1. rewrite E2. unfold dF_ds. module (State N). }
  rewrite E. eapply filterlim_ext_loc; [|exact Y].
  revert Hb0. apply filter_imp. intros x Hx.
  exact (@step_quotient (State N) (beta x) (F N (z (S t) x)) (F N (z t x)) (grad_ell N (fst (z (S t) x))) (grad_ell N (fst (z t x))) Hx).
Qed.

Lemma drift_limit (t : nat) :
  filterlim (fun x => Delta_state_from N (s x) t (beta x) (eta x)) along (locally (w t)) /\
  (along (fun x => eta x <> 0) -> filterlim (fun x => Delta_param_from N (s x) t (beta x) (eta x)) along (locally (C (w t)))).
Proof.
destruct (drift t) as [Hz Hd]. split. exact Hd. intros He0.
eapply filterlim_ext_loc; [|exact (drift_param Hz Hd)].
refine (@filter_imp T along HA _ _ _ (filter_and _ _ Hb0 He0)). intros x [X Y].
exact (@update_quotient (Param N) (beta x) (eta x) (snd (z t x)) (ep_rule (Phi_theta N) (z t x, fst (z (S t) x))) X Y).
Qed.
End Limit.
